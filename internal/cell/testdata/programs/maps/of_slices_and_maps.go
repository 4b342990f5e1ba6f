package main

import (
	"fmt"
)

func main() {
	g := map[string][]string{}
	g["x"] = append(g["x"], "a", "b")
	g["y"] = append(g["y"], "c")
	fmt.Println(g, len(g["zz"]))
	m := map[int]map[int]bool{}
	for i := range 3 {
		if m[i%2] == nil {
			m[i%2] = map[int]bool{}
		}
		m[i%2][i] = true
	}
	fmt.Println(m)
	set := map[rune]struct{}{}
	for _, r := range "hello" {
		set[r] = struct{}{}
	}
	fmt.Println(len(set))
}
