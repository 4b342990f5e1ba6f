package main

import (
	"fmt"
	"math"
)

func main() {
	x := 0.1
	y := 0.2
	fmt.Println(x+y, x+y == 0.3, 0.1+0.2 == 0.3)
	fmt.Println(float32(x)+float32(y), float64(float32(x)))
	fmt.Println(math.Inf(1), -math.MaxFloat64, math.SmallestNonzeroFloat64)
	fmt.Printf("%.3f %e %g %6.2f|%-8.1f|\n", math.Pi, 123456.789, 1e21, 2.5, 2.25)
	n := math.NaN()
	fmt.Println(n == n, n < 1, n > 1, n != n)
	z := 0.0
	fmt.Println(1/z > 0, -z == z)
}
