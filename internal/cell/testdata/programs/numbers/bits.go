package main

import (
	"fmt"
	"math/bits"
)

func main() {
	x := uint(0b1011_0000)
	fmt.Println(bits.OnesCount(x), bits.LeadingZeros8(uint8(x)), bits.TrailingZeros(x), bits.Reverse8(1), bits.Len(x))
	hi, lo := bits.Mul64(1<<63, 6)
	fmt.Println(hi, lo)
	fmt.Printf("%08b %x %o %#x %b\n", x, x, x, x, -5)
	y := 0b1100
	y &= 0b1010
	y |= 1
	y ^= 0xf
	y <<= 2
	y >>= 1
	y &^= 2
	fmt.Println(y)
}
