package main

import (
	"fmt"
)

func main() {
	m := map[int]int{}
	for i := range 100 {
		m[i] = i
	}
	n := 0
	for k := range m {
		if k%3 != 0 {
			delete(m, k)
		} else {
			n++
		}
	}
	fmt.Println(len(m), n)
	s := 0
	for _, v := range m {
		s += v
	}
	fmt.Println(s)
}
