package main

import (
	"fmt"
)

type e struct{}

func (*e) Error() string { return "e" }
func bad() error         { var p *e; return p }
func good() error        { return nil }
func main() {
	fmt.Println(bad() == nil, good() == nil, bad() != nil)
	var a any
	fmt.Println(a == nil)
	var p *int
	a = p
	fmt.Println(a == nil, a == (*int)(nil))
	var m interface{ M() }
	_, ok := m.(interface{ N() })
	fmt.Println(ok, m == nil)
}
