package main

import (
	"fmt"
)

func change(a [3]int) [3]int { a[0] = 100; return a }
func main() {
	a := [3]int{1, 2, 3}
	b := a
	b[1] = 20
	c := change(a)
	fmt.Println(a, b, c, a == [3]int{1, 2, 3}, a != b)
	for i, v := range a {
		a[2] = 10
		if i == 2 {
			fmt.Println(v)
		}
	}
	for i, v := range &a {
		a[2] = 11
		if i == 2 {
			fmt.Println(v)
		}
	}
	d := [...]string{2: "c", 0: "a"}
	fmt.Println(len(d), d)
	e := [2][2]int{{1}, {2, 3}}
	e[0][1] = 7
	fmt.Println(e)
}
