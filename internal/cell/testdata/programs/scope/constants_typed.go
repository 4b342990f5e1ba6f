package main

import (
	"fmt"
	"math"
)

type unit float64

const (
	m  unit = 1
	km      = 1000 * m
)
const (
	a uint8 = 255
	b       = a >> 1
	c       = 'x' + 1
	d       = "s" + "t"
	e       = len(d)
	f       = 1 << 3.0
	g       = 7 / 2
	h       = 7 / 2.0
	i       = -5 % 3
)

func main() {
	fmt.Println(km, b, c, d, e, f, g, h, i, km/2*3)
	fmt.Printf("%T %T %T %T\n", km, b, c, h)
	const local = iota
	var n int8 = local
	fmt.Println(n, math.MaxUint32, uint64(math.MaxUint64))
}
