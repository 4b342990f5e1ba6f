package main

import (
	"fmt"
	"strings"
)

type token struct{ kind, text string }

func lex(s string) (out []token) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ':
			i++
		case c >= '0' && c <= '9':
			j := i
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			out = append(out, token{"num", s[i:j]})
			i = j
		case strings.ContainsRune("+-*/()", rune(c)):
			out = append(out, token{"op", string(c)})
			i++
		default:
			panic(fmt.Sprintf("bad character %q at %d", c, i))
		}
	}
	return
}
func main() {
	for _, t := range lex("12 + (3*45)") {
		fmt.Print(t.kind, ":", t.text, " ")
	}
	fmt.Println()
	lex("1 ? 2")
}
