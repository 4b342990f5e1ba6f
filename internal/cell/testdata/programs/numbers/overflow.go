package main

import (
	"fmt"
	"math"
)

func main() {
	var a int8 = 127
	a++
	fmt.Println(a)
	var b uint8 = 0
	b--
	fmt.Println(b)
	var c int32 = math.MinInt32
	fmt.Println(-c, c-1, c*c, c/-1)
	var d uint64 = math.MaxUint64
	d += 2
	fmt.Println(d)
	var e int64 = math.MinInt64
	fmt.Println(e/-1, e%-1)
	var f uint16 = 65535
	fmt.Println(f*f, f+1, ^f)
}
