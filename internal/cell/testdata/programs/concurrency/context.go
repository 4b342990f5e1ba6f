package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

func main() {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), "k", 5))
	c := make(chan error)
	go func() { <-ctx.Done(); c <- ctx.Err() }()
	cancel()
	fmt.Println(<-c, ctx.Value("k"), errors.Is(ctx.Err(), context.Canceled))
	t, stop := context.WithTimeout(context.Background(), time.Millisecond)
	defer stop()
	<-t.Done()
	fmt.Println(t.Err())
}
