package main

import (
	"fmt"
)

func main() {
	a := [...]int{0, 1, 2, 3, 4, 5}
	s := a[1:3:4]
	fmt.Println(s, len(s), cap(s))
	s = append(s, 10)
	fmt.Println(a)
	s = append(s, 11)
	s[0] = 99
	fmt.Println(a, s)
	p := &a
	fmt.Println(p[2:], len(p), cap(p[2:4]))
	for i := range p {
		p[i] *= 2
	}
	fmt.Println(a)
}
