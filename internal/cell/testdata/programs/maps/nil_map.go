package main

import (
	"fmt"
)

func main() {
	var m map[string]int
	fmt.Println(m["x"], len(m), m == nil)
	delete(m, "x")
	for range m {
	}
	defer func() { r := recover(); fmt.Println(r, r.(error).Error()) }()
	m["a"] = 1
}
