package main

import (
	"fmt"
)

func ok(s string) bool {
	var st []rune
	pairs := map[rune]rune{')': '(', ']': '[', '}': '{'}
	for _, r := range s {
		switch r {
		case '(', '[', '{':
			st = append(st, r)
		case ')', ']', '}':
			if len(st) == 0 || st[len(st)-1] != pairs[r] {
				return false
			}
			st = st[:len(st)-1]
		}
	}
	return len(st) == 0
}
func main() {
	for _, s := range []string{"", "()[]{}", "([)]", "((", "{[()]}"} {
		fmt.Print(ok(s), " ")
	}
	fmt.Println()
}
