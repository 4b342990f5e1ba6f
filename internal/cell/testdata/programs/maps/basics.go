package main

import (
	"fmt"
)

func main() {
	m := map[string]int{"a": 1}
	m["b"] = 2
	m["a"]++
	m["c"] += 5
	delete(m, "b")
	delete(m, "zz")
	v, ok := m["b"]
	fmt.Println(m, len(m), v, ok, m["nope"])
	if v, ok := m["a"]; ok {
		fmt.Println(v)
	}
	n := m
	n["x"] = 9
	fmt.Println(len(m))
	clear(m)
	fmt.Println(n)
}
