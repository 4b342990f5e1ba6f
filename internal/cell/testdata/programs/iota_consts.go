package main

import (
	"fmt"
	"math"
	"time"
)

type weekday int

const (
	sunday weekday = iota
	monday
	tuesday
	_
	thursday
	numDays = iota
)

var names = [...]string{sunday: "Sun", monday: "Mon", tuesday: "Tue", thursday: "Thu"}

func (d weekday) String() string { return names[d] }

const (
	_  = iota
	kb = 1 << (10 * iota)
	mb
	gb
)

const (
	a, b = iota, iota * 10
	c, d
	_, _
	e, f
)

type flags uint8

const (
	read flags = 1 << iota
	write
	exec
	all = read | write | exec
)

func (f flags) has(g flags) bool { return f&g == g }

const (
	big   = 1 << 100
	small = big >> 98
	third = 1.0 / 3
	huge  = 1e400 / 1e390
	text  = "con" + "cat"
	r     = 'a' + 1
	truth = len(text) == 6 && big > small
	cplx  = 2i * 2i
	typed = int8(127)
	dur   = 3 * time.Second
)

const x, y, z = 1, "two", 3.0

const (
	first = "same"
	second
	third3
)

type color string

const (
	red   color = "red"
	green       = color("green")
)

const maxInt = math.MaxInt64
const mask = ^uint32(0)

func local() {
	const (
		l0 = iota + 5
		l1
	)
	const big = "shadow"
	type small int
	const s small = iota
	fmt.Println(l0, l1, big, s)
	fmt.Printf("%T\n", s)
}

var arr [small * 2]int

func main() {
	fmt.Println(sunday, monday, thursday, numDays, []weekday{monday, tuesday}, map[weekday]int{tuesday: 1})
	fmt.Printf("%d %v %s %T %x\n", thursday, thursday, thursday, thursday, int(thursday))
	fmt.Println(kb, mb, gb, a, b, c, d, e, f)
	fmt.Println(read, write, exec, all, all.has(write), read.has(exec), all&^write)
	fmt.Println(small, third, huge, text, r, string(rune(r)), truth, cplx, typed, dur)
	fmt.Printf("%T %T %T %T %T %T %T\n", small, third, r, cplx, typed, dur, x)
	fmt.Println(x, y, z, first, second, third3, red, green, mask)
	fmt.Println(len(arr), maxInt, uint64(maxInt)+1)
	local()
	var fl float32 = small
	var i8 int8 = typed
	i8++
	fmt.Println(fl/3, i8, big/1e20, float64(big))
	var w weekday = 2
	w++
	switch w {
	case monday:
	case sunday, tuesday:
	default:
		fmt.Println(int(w))
	}
	const inMain = iota
	fmt.Println(inMain, math.Pi, -5%3, 5/2, 5/2.0, 1<<3|1)
	var shift uint = 3
	fmt.Println(1<<shift, int8(1)<<shift, 7&^5, -8>>1)
}
