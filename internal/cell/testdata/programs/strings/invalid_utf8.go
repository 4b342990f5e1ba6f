package main

import (
	"fmt"
	"unicode/utf8"
)

func main() {
	s := "a\xffb\xc3"
	for i, r := range s {
		fmt.Println(i, r, r == utf8.RuneError)
	}
	fmt.Println([]rune(s), string([]rune{0xfffd, -1, 0x110000}), len(string(rune(-1))), utf8.ValidString(s))
	fmt.Printf("%q %x %+q\n", s, s, "ä")
}
