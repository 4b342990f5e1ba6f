package main

import (
	"fmt"
	"strings"
)

func main() {
	text := "the quick the lazy the quick"
	w := strings.Fields(text)
	m := map[string]map[string]int{}
	for i := 1; i < len(w); i++ {
		if m[w[i-1]] == nil {
			m[w[i-1]] = map[string]int{}
		}
		m[w[i-1]][w[i]]++
	}
	fmt.Println(m["the"], len(m), m)
}
