package main

import (
	"fmt"
	"sync"
)

func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	m := map[int]int{}
	for i := range 10 {
		wg.Add(1)
		go func() { defer wg.Done(); mu.Lock(); defer mu.Unlock(); m[i] = i * i }()
	}
	wg.Wait()
	s := 0
	for _, v := range m {
		s += v
	}
	fmt.Println(len(m), s)
}
