package main

import (
	"fmt"
	"time"
)

func main() {
	t := time.NewTimer(time.Hour)
	fmt.Println(t.Stop(), t.Stop())
	k := time.NewTicker(time.Millisecond)
	n := 0
	for range k.C {
		if n++; n == 3 {
			k.Stop()
			break
		}
	}
	fmt.Println(n)
	c := make(chan int)
	time.AfterFunc(time.Millisecond, func() { c <- 1 })
	fmt.Println(<-c)
}
