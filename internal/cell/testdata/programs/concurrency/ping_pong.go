package main

import (
	"fmt"
)

func main() {
	a, b := make(chan int), make(chan int)
	go func() {
		for v := range a {
			b <- v + 1
		}
		close(b)
	}()
	n := 0
	for range 100 {
		a <- n
		n = <-b
	}
	close(a)
	_, ok := <-b
	fmt.Println(n, ok)
}
