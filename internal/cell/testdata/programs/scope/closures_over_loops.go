package main

import (
	"fmt"
)

func main() {
	var get, set []func(int) int
	for i := 0; i < 2; i++ {
		n := i * 10
		get = append(get, func(int) int { return n + i })
		set = append(set, func(v int) int { n = v; i = v; return n })
	}
	fmt.Println(get[0](0), get[1](0), set[0](7), get[0](0), get[1](0))
}
