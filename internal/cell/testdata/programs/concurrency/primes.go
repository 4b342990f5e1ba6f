package main

import (
	"fmt"
)

func filter(in chan int, p int) chan int {
	out := make(chan int)
	go func() {
		for v := range in {
			if v%p != 0 {
				out <- v
			}
		}
		close(out)
	}()
	return out
}
func main() {
	c := make(chan int)
	go func() {
		for i := 2; i < 50; i++ {
			c <- i
		}
		close(c)
	}()
	in := c
	for {
		p, ok := <-in
		if !ok {
			break
		}
		fmt.Print(p, " ")
		in = filter(in, p)
	}
	fmt.Println()
}
