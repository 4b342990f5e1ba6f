package main

import (
	"fmt"
)

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
func sieve(n int) (ps []int) {
	c := make([]bool, n+1)
	for i := 2; i <= n; i++ {
		if !c[i] {
			ps = append(ps, i)
			for j := i * i; j <= n; j += i {
				c[j] = true
			}
		}
	}
	return
}
func main() { fmt.Println(gcd(48, 36), gcd(17, 5), sieve(60)) }
