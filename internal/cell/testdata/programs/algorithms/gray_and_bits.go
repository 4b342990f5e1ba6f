package main

import (
	"fmt"
)

func main() {
	for i := range 8 {
		fmt.Printf("%03b ", i^i>>1)
	}
	n := 0
	for x := uint(0b10110111); x != 0; x &= x - 1 {
		n++
	}
	fmt.Println(n)
	u := uint8(200)
	fmt.Println(1<<10|3, 0xff&^0x0f, -7>>1, u+100)
}
