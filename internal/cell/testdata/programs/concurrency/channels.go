package main

import (
	"fmt"
)

func main() {
	c := make(chan int)
	d := make(chan string, 2)
	go func() {
		for i := range 3 {
			c <- i
		}
		close(c)
	}()
	for v := range c {
		fmt.Print(v, " ")
	}
	v, ok := <-c
	fmt.Println(v, ok)
	d <- "a"
	d <- "b"
	fmt.Println(len(d), cap(d), <-d, <-d)
	var in chan<- string = d
	var out <-chan string = d
	in <- "x"
	fmt.Println(<-out)
	close(d)
	_, ok = <-d
	fmt.Println(ok)
}
