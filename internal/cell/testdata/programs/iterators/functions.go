package main

import (
	"fmt"
)

func count(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				fmt.Print("stop ")
				return
			}
		}
	}
}
func main() {
	for i := range count(3) {
		fmt.Print(i, " ")
	}
	for i := range count(10) {
		if i == 1 {
			continue
		}
		if i == 3 {
			break
		}
		fmt.Print(i, " ")
	}
	f := func() int {
		for i := range count(5) {
			defer fmt.Print("d", i, " ")
			if i == 2 {
				return i * 100
			}
		}
		return -1
	}
	fmt.Println(f())
outer:
	for i := range count(3) {
		for j := range count(3) {
			if j == 1 {
				continue outer
			}
			if i == 2 {
				break outer
			}
			fmt.Print(i, j, " ")
		}
	}
	fmt.Println()
}
