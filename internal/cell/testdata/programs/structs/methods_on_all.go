package main

import (
	"fmt"
)

type ints []int

func (s ints) sum() (t int) {
	for _, v := range s {
		t += v
	}
	return
}

type reg map[string]int

func (r reg) add(k string) reg { r[k]++; return r }

type fn func(int) int

func (f fn) twice(x int) int { return f(f(x)) }

type num float64

func (n num) half() num { return n / 2 }
func (n *num) grow()    { *n *= 10 }
func main() {
	fmt.Println(ints{1, 2, 3}.sum(), len(reg{}.add("a").add("b")), fn(func(x int) int { return x + 3 }).twice(1), num(5).half())
	n := num(2)
	n.grow()
	p := &n
	p.grow()
	fmt.Println(n, p.half())
}
