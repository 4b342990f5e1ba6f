package main

import (
	"fmt"
)

func memo[K comparable, V any](f func(K) V) func(K) V {
	m := map[K]V{}
	return func(k K) V {
		if v, ok := m[k]; ok {
			return v
		}
		v := f(k)
		m[k] = v
		return v
	}
}
func main() {
	n := 0
	f := memo(func(x int) string { n++; return fmt.Sprint(x * x) })
	fmt.Println(f(3), f(3), f(4), n)
}
