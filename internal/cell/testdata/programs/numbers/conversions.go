package main

import (
	"fmt"
)

func main() {
	f := 3.99
	fmt.Println(int(f), int(-f), uint8(int(f)))
	i := 300
	fmt.Println(uint8(i), int8(i), float32(i), string(rune(i)), rune(i))
	var u uint32 = 1 << 31
	fmt.Println(int32(u), int64(u), uint64(int32(u)))
	n := -1
	fmt.Println(uint(n), uint16(n), uint8(n))
	fmt.Println(int64(float32(16777217)), float32(0.1))
}
