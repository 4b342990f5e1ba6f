package main

import (
	"fmt"
	"math"
)

func main() {
	for _, p := range [][2]int{{7, 2}, {-7, 2}, {7, -2}, {-7, -2}} {
		fmt.Println(p[0]/p[1], p[0]%p[1])
	}
	fmt.Println(7.0/2, 7/2, 7/2.0)
	a, b := 1.0, 0.0
	fmt.Println(a/b, -a/b, math.IsNaN(b/b))
}
