package main

import (
	"fmt"
)

func bfs(g map[int][]int, s int) []int {
	seen := map[int]bool{s: true}
	var out []int
	for q := []int{s}; len(q) > 0; q = q[1:] {
		out = append(out, q[0])
		for _, n := range g[q[0]] {
			if !seen[n] {
				seen[n] = true
				q = append(q, n)
			}
		}
	}
	return out
}
func main() { fmt.Println(bfs(map[int][]int{1: {2, 3}, 2: {4}, 3: {4, 5}, 4: {6}, 5: {6}, 6: nil}, 1)) }
