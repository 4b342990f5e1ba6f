package main

import (
	"fmt"
	"math"
)

func main() {
	a, b := 3, 5
	fmt.Println(min(a, b), max(a, b, 9), min(2.5, 1), max("a", "b"), min(1, 2, -3))
	f := math.NaN()
	fmt.Println(min(f, 1), max(1, f))
	z := 0.0
	fmt.Println(1/min(z, -z), max(float32(1), 2))
}
