package main

import (
	"fmt"
)

func k(s string) string { fmt.Print(s, " "); return s }
func v(n int) int       { fmt.Print(n, " "); return n }
func main() {
	m := map[string]int{k("a"): v(1), k("b"): v(2)}
	m[k("c")] = v(3)
	m[k("a")] += v(4)
	fmt.Println(m)
	a, b := v(5), v(6)
	a, b = b, v(a)
	fmt.Println(a, b)
}
