package main

import (
	"fmt"
)

const (
	kb = 1 << (10 * (iota + 1))
	mb
	gb
)
const huge = 1 << 100
const third = 1.0 / 3

type level int

const (
	low level = iota + 1
	_
	high
	top = "top"
	same
)

func main() {
	fmt.Println(kb, mb, gb, huge>>98, third*3 == 1, low, high, top, same)
	const big = huge * huge / huge
	fmt.Println(big == huge)
	const s = "abc"
	fmt.Println(len(s), s[1], s[1:])
	var a [len(s)]int
	fmt.Println(len(a))
	fmt.Printf("%T %T\n", high, third)
}
