package main

import (
	"fmt"
)

func main() {
	m := map[string]int{"a": 1}
	clear(m)
	s := []string{"a", "b"}
	clear(s[:1])
	fmt.Println(len(m), len(s), s[0] == "", min("b", "a"), max(1, 2.5))
}
