package main

import (
	"fmt"
	"math"
	"sort"
)

func mean(xs []float64) float64 {
	t := 0.0
	for _, x := range xs {
		t += x
	}
	return t / float64(len(xs))
}
func stddev(xs []float64) float64 {
	m, t := mean(xs), 0.0
	for _, x := range xs {
		t += (x - m) * (x - m)
	}
	return math.Sqrt(t / float64(len(xs)))
}
func median(xs []float64) float64 {
	s := append([]float64(nil), xs...)
	sort.Float64s(s)
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
func main() {
	xs := []float64{2, 4, 4, 4, 5, 5, 7, 9}
	fmt.Println(mean(xs), stddev(xs), median(xs), xs[0])
}
