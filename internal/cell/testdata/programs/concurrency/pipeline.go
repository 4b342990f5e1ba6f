package main

import (
	"fmt"
)

func gen(n int) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := 1; i <= n; i++ {
			c <- i
		}
	}()
	return c
}
func sq(in <-chan int) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for v := range in {
			c <- v * v
		}
	}()
	return c
}
func main() {
	t := 0
	for v := range sq(sq(gen(5))) {
		t += v
	}
	fmt.Println(t)
}
