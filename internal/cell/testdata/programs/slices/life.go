package main

import (
	"fmt"
)

const w, h = 6, 6

func step(g [h][w]bool) (n [h][w]bool) {
	for y := range h {
		for x := range w {
			c := 0
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					if (dy != 0 || dx != 0) && g[(y+dy+h)%h][(x+dx+w)%w] {
						c++
					}
				}
			}
			n[y][x] = c == 3 || c == 2 && g[y][x]
		}
	}
	return
}
func main() {
	var g [h][w]bool
	for _, p := range [][2]int{{0, 1}, {1, 2}, {2, 0}, {2, 1}, {2, 2}} {
		g[p[0]][p[1]] = true
	}
	for range 4 {
		g = step(g)
	}
	for _, r := range g {
		for _, c := range r {
			if c {
				fmt.Print("#")
			} else {
				fmt.Print(".")
			}
		}
		fmt.Println()
	}
}
