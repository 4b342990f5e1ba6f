package main

import (
	"fmt"
)

func det(m [][]float64) float64 {
	if len(m) == 1 {
		return m[0][0]
	}
	d := 0.0
	for c := range m {
		var sub [][]float64
		for _, r := range m[1:] {
			row := append([]float64{}, r[:c]...)
			sub = append(sub, append(row, r[c+1:]...))
		}
		s := 1.0
		if c%2 == 1 {
			s = -1
		}
		d += s * m[0][c] * det(sub)
	}
	return d
}
func main() { fmt.Println(det([][]float64{{2, 0, 1}, {1, 3, 2}, {1, 1, 4}})) }
