package main

import (
	"fmt"
)

type uf []int

func (u uf) find(x int) int {
	for u[x] != x {
		u[x] = u[u[x]]
		x = u[x]
	}
	return x
}
func (u uf) join(a, b int) bool {
	a, b = u.find(a), u.find(b)
	if a == b {
		return false
	}
	u[a] = b
	return true
}
func main() {
	u := make(uf, 6)
	for i := range u {
		u[i] = i
	}
	fmt.Println(u.join(0, 1), u.join(2, 3), u.join(1, 3), u.join(0, 2), u.find(0) == u.find(3), u.find(4) == u.find(5))
}
