package main

import (
	"fmt"
)

func main() {
	var fs []func() int
	for i := 0; i < 3; i++ {
		fs = append(fs, func() int { i += 10; return i })
	}
	for _, v := range []string{"a", "b"} {
		p := &v
		*p += "!"
		fs = append(fs, func() int { return len(v) })
	}
	for _, f := range fs {
		fmt.Print(f(), " ", f(), " ")
	}
	var ps []*int
	for i := range 3 {
		ps = append(ps, &i)
	}
	for _, p := range ps {
		fmt.Print(*p)
	}
	for i := 0; i < 6; i++ {
		inc := func() { i++ }
		inc()
		fmt.Print("|", i)
	}
	fmt.Println()
}
