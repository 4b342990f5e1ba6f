package main

import (
	"fmt"
	"math/big"
)

func main() {
	a := big.NewInt(1)
	for i := int64(1); i <= 30; i++ {
		a.Mul(a, big.NewInt(i))
	}
	fmt.Println(a, a.BitLen())
	b, ok := new(big.Int).SetString("123456789012345678901234567890", 10)
	fmt.Println(b, ok, a.Cmp(b))
	r := big.NewRat(1, 3)
	r.Add(r, big.NewRat(1, 6))
	fmt.Println(r)
	x := new(big.Int).Exp(big.NewInt(2), big.NewInt(100), nil)
	fmt.Printf("%x %v\n", x, x.ProbablyPrime(10))
}
