package main

import (
	"fmt"
	"math"
)

func main() {
	ops := map[string]func(float64, float64) float64{"+": func(a, b float64) float64 { return a + b }, "*": func(a, b float64) float64 { return a * b }, "^": math.Pow}
	for _, o := range []string{"+", "*", "^"} {
		fmt.Println(ops[o](2, 5))
	}
	fmt.Println(ops["?"] == nil)
}
