package main

import (
	"fmt"
	"sync"
)

type counter struct {
	sync.Mutex
	n map[string]int
}

func (c *counter) inc(k string) { c.Lock(); defer c.Unlock(); c.n[k]++ }
func main() {
	c := &counter{n: map[string]int{}}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Add(1)
		go func() { defer wg.Done(); c.inc([]string{"a", "b"}[i%2]) }()
	}
	wg.Wait()
	fmt.Println(c.n)
}
