package main

import (
	"fmt"
)

func main() {
	s := []int{1, 2, 3}
	n := 2
	fmt.Println(s[:n], s[n:])
	defer fmt.Println("x")
	fmt.Println(s[n:1])
}
