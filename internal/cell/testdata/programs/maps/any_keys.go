package main

import (
	"fmt"
)

func main() {
	m := map[any]int{1: 1, "a": 2, 1.5: 3, [2]int{1, 2}: 4, true: 5}
	fmt.Println(m[1], m["a"], m[1.5], m[[2]int{1, 2}], m[int64(1)], m[true], len(m))
	defer func() { fmt.Println(recover()) }()
	m[[]int{1}] = 1
}
