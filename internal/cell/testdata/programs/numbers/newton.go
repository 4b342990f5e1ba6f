package main

import (
	"fmt"
	"math"
)

func sqrt(x float64) float64 {
	z := 1.0
	for math.Abs(z*z-x) > 1e-12 {
		z -= (z*z - x) / (2 * z)
	}
	return z
}
func main() {
	for _, x := range []float64{1, 2, 9, 1e6} {
		fmt.Printf("%.6f\n", sqrt(x))
	}
}
