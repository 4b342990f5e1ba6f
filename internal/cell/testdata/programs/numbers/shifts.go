package main

import (
	"fmt"
)

func main() {
	var u uint8 = 1
	var n uint = 9
	fmt.Println(u<<n, u<<7, u>>1)
	var i int32 = -8
	fmt.Println(i>>1, i>>40, i<<31)
	var s int = 3
	var j = 1 << s
	var k int64 = 1 << s
	fmt.Println(j, k, int64(1)<<62>>s)
	x := 1 << 3
	var w float64 = 1 << 3
	fmt.Println(x, w)
	fmt.Println(uint32(1)<<31, int8(-128)>>7, ^0, 6&^3)
	defer func() { fmt.Println(recover()) }()
	s = -1
	fmt.Println(1 << s)
}
