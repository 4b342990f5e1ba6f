package main

import (
	"fmt"
)

func main() {
	row := []int{1}
	for range 6 {
		fmt.Println(row)
		next := make([]int, len(row)+1)
		for i, v := range row {
			next[i] += v
			next[i+1] += v
		}
		row = next
	}
}
