package main

import (
	"fmt"
)

func main() {
	n := 3
	m := make([][]int, n)
	for i := range m {
		m[i] = make([]int, n)
		for j := range m[i] {
			m[i][j] = i*n + j
		}
	}
	t := make([][]int, n)
	for i := range t {
		t[i] = make([]int, n)
		for j := range t[i] {
			t[i][j] = m[j][i]
		}
	}
	p := [3][3]int{}
	for i := range n {
		for j := range n {
			for k := range n {
				p[i][j] += m[i][k] * t[k][j]
			}
		}
	}
	fmt.Println(m, t, p, len(p), p[1])
}
