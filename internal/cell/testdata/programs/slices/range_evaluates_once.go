package main

import (
	"fmt"
)

func main() {
	s := []int{1, 2, 3}
	for i, v := range s {
		s = append(s, v*10)
		if i == 0 {
			s[1] = 50
		}
	}
	fmt.Println(s)
	n := 3
	for i := range n {
		n = 10
		fmt.Print(i)
	}
	fmt.Println(n)
	t := []int{1, 2, 3, 4}
	for i := range t {
		if i == 1 {
			t = t[:2]
		}
		fmt.Print(i, " ")
	}
	fmt.Println(t)
}
