package main

import (
	"fmt"
)

func main() {
	s := []int{1, 2, 3}
	a := [2]int(s)
	p := (*[3]int)(s)
	p[0] = 9
	fmt.Println(a, s, *p)
	defer func() { fmt.Println(recover()) }()
	_ = [4]int(s)
}
