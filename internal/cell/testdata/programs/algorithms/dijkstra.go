package main

import (
	"fmt"
)

type edge struct {
	to string
	w  int
}

func dijkstra(g map[string][]edge, from string) map[string]int {
	dist := map[string]int{from: 0}
	done := map[string]bool{}
	for {
		best, bd := "", 1<<60
		for n, d := range dist {
			if !done[n] && (d < bd || d == bd && n < best) {
				best, bd = n, d
			}
		}
		if best == "" {
			return dist
		}
		done[best] = true
		for _, e := range g[best] {
			if d, ok := dist[e.to]; !ok || bd+e.w < d {
				dist[e.to] = bd + e.w
			}
		}
	}
}
func main() {
	fmt.Println(dijkstra(map[string][]edge{"a": {{"b", 4}, {"c", 1}}, "c": {{"b", 2}, {"d", 7}}, "b": {{"d", 1}}}, "a"))
}
