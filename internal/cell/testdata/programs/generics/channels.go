package main

import (
	"fmt"
	"sort"
	"sync"
)

func merge[T any](cs ...<-chan T) <-chan T {
	out := make(chan T)
	var wg sync.WaitGroup
	for _, c := range cs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for v := range c {
				out <- v
			}
		}()
	}
	go func() { wg.Wait(); close(out) }()
	return out
}
func gen[T any](vs ...T) <-chan T {
	c := make(chan T)
	go func() {
		defer close(c)
		for _, v := range vs {
			c <- v
		}
	}()
	return c
}
func main() {
	var o []int
	for v := range merge(gen(1, 2), gen(3)) {
		o = append(o, v)
	}
	sort.Ints(o)
	fmt.Println(o)
}
