package main

import (
	"fmt"
)

func main() {
	s := []int{1, 2, 3, 4, 5, 6}
	k := s[:0]
	for _, v := range s {
		if v%2 == 0 {
			k = append(k, v)
		}
	}
	fmt.Println(k, s)
	i := 1
	s = append(s[:i], append([]int{100}, s[i:]...)...)
	fmt.Println(s)
}
