package main

import (
	"fmt"
	"math"
)

func main() {
	for _, x := range []float64{-2.5, -1.5, -0.4, 0.5, 1.5, 2.5} {
		fmt.Println(math.Round(x), math.RoundToEven(x), math.Floor(x), math.Ceil(x), math.Trunc(x), int(x))
	}
}
