//differential:main hides names
package main

import (
	"fmt"
)

var x, y = 1, "y"
var (
	z float64
	w = []int{1, 2}
)
var p, q = pair()

func pair() (int, error) { return x + 1, nil }
func bump() int          { x++; return x }
func main() {
	fmt.Println(x, y, z, w, p, q)
	x := 100
	fmt.Println(bump(), x)
	{
		x, z := "in", true
		fmt.Println(x, z)
	}
	fmt.Println(x, z)
}
