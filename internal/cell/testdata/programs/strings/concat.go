package main

import (
	"fmt"
	"strconv"
)

func main() {
	s := ""
	for i := 0; i < 5; i++ {
		s += string(rune('a'+i)) + strconv.Itoa(i)
	}
	fmt.Println(s, s > "a", s[len(s)-1:])
	t := s
	s = "changed"
	fmt.Println(t, s)
	b := []byte("hello")
	b[0] = 'J'
	u := string(b)
	b[1] = 'x'
	fmt.Println(u, string(b))
}
