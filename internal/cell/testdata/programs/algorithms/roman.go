package main

import (
	"fmt"
)

func roman(n int) string {
	v := []int{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	s := []string{"M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"}
	o := ""
	for i, x := range v {
		for n >= x {
			o += s[i]
			n -= x
		}
	}
	return o
}
func main() {
	for _, n := range []int{1, 4, 9, 14, 40, 1994, 2024} {
		fmt.Print(roman(n), " ")
	}
	fmt.Println()
}
