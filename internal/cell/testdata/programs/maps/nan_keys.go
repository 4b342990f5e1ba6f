package main

import (
	"fmt"
	"math"
)

func main() {
	m := map[float64]int{}
	n := math.NaN()
	m[n] = 1
	m[n] = 2
	_, ok := m[n]
	fmt.Println(len(m), ok)
	delete(m, n)
	fmt.Println(len(m))
	clear(m)
	fmt.Println(len(m))
	m[0.0] = 1
	z := 0.0
	m[-z]++
	fmt.Println(m)
}
