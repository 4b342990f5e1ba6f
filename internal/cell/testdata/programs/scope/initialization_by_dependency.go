package main

import (
	"fmt"
)

var (
	a     = c + b
	b     = f()
	c     = 1
	order []string
)
var _ = note("blank")

func f() int            { note("f"); c++; return c }
func note(s string) int { order = append(order, s); return len(order) }
func main()             { fmt.Println(a, b, c, order) }
