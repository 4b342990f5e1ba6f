package main

import (
	"fmt"
)

type t struct{ n int }

func (x t) put(c chan<- int) { c <- x.n }
func send(c chan<- int, xs ...int) {
	for _, x := range xs {
		c <- x
	}
}
func main() {
	c := make(chan int, 10)
	v := t{1}
	x := 5
	go v.put(c)
	v.n = 100
	fmt.Println(<-c)
	go send(c, x, x+1)
	x = 50
	a, b := <-c, <-c
	fmt.Println(a + b)
	f := func(n int) { c <- n }
	go f(7)
	fmt.Println(<-c)
	go func(k int) { c <- k * 2 }(x)
	fmt.Println(<-c)
	g := []func(){func() { c <- 3 }}
	go g[0]()
	fmt.Println(<-c)
}
