package main

import (
	"fmt"
)

func rot(s string, k int) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z':
			c = 'a' + (c-'a'+byte(k))%26
		case 'A' <= c && c <= 'Z':
			c = 'A' + (c-'A'+byte(k))%26
		}
		out = append(out, c)
	}
	return string(out)
}
func main() { e := rot("Hello, World", 13); fmt.Println(e, rot(e, 13)) }
