package main

import (
	"fmt"
	"strings"
)

func pal(s string) bool {
	r := []rune(strings.ToLower(s))
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		if r[i] != r[j] {
			return false
		}
	}
	return true
}
func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}
func main() {
	for _, s := range []string{"Anna", "été", "abc", ""} {
		fmt.Println(s, pal(s), reverse(s))
	}
}
