package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

func main() {
	var o sync.Once
	for range 3 {
		o.Do(func() { fmt.Println("once") })
	}
	var n atomic.Int64
	var wg sync.WaitGroup
	for range 5 {
		wg.Add(1)
		go func() { n.Add(2); wg.Done() }()
	}
	wg.Wait()
	fmt.Println(n.Load(), n.CompareAndSwap(10, 1), n.Load())
	f := sync.OnceValue(func() int { fmt.Println("computed"); return 7 })
	fmt.Println(f(), f())
	var r sync.RWMutex
	r.RLock()
	r.RUnlock()
	fmt.Println(r.TryLock())
}
