package main

import (
	"fmt"
)

type pos struct{ x, y int }

func main() {
	m := map[pos]string{{1, 2}: "a"}
	m[pos{3, 4}] = "b"
	fmt.Println(m[pos{1, 2}], m[pos{3, 4}], len(m))
	a := map[[2]int]int{{1, 2}: 3}
	a[[2]int{1, 2}]++
	fmt.Println(a)
	p := map[pos]*int{}
	n := 5
	p[pos{}] = &n
	*p[pos{}]++
	fmt.Println(n)
}
