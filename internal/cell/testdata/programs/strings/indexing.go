package main

import (
	"fmt"
	"unicode/utf8"
)

func main() {
	s := "héllo, 世界"
	fmt.Println(len(s), s[1], s[0:1], []byte(s)[:3], []rune(s)[1], string([]rune(s)[7:]))
	for i, r := range s {
		fmt.Print(i, ":", string(r), " ")
	}
	fmt.Println()
	for i := range "abc" {
		fmt.Print(i)
	}
	fmt.Println(utf8.RuneCountInString(s), "a"+"b" == "ab", "a" < "b", "Z" < "a")
}
