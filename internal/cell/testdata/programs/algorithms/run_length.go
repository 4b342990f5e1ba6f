package main

import (
	"fmt"
	"strings"
)

func enc(s string) string {
	var b strings.Builder
	r := []rune(s)
	for i := 0; i < len(r); {
		j := i
		for j < len(r) && r[j] == r[i] {
			j++
		}
		fmt.Fprintf(&b, "%d%c", j-i, r[i])
		i = j
	}
	return b.String()
}
func main() { fmt.Println(enc("aaabccdddd"), enc("ééx"), enc("") == "") }
