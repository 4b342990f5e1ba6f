package main

import (
	"fmt"
	"sync"
)

func main() {
	jobs, results := make(chan int), make(chan [2]int)
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := range jobs {
				results <- [2]int{j, j * 2}
			}
		}()
	}
	go func() {
		for i := range 8 {
			jobs <- i
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	s := make([]int, 8)
	for r := range results {
		s[r[0]] = r[1]
	}
	fmt.Println(s)
}
