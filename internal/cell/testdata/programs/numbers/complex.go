package main

import (
	"fmt"
	"math/cmplx"
)

func main() {
	c := complex(1, 2)
	d := 3 - 4i
	fmt.Println(c+d, c*d, c/d, -c, c == d, c != d)
	fmt.Println(real(c), imag(d), cmplx.Abs(d))
	var e complex64 = 1i
	e *= e
	fmt.Println(e, real(e))
	fmt.Printf("%v %.1f %T\n", c, d, e)
}
