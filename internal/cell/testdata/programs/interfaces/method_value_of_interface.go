package main

import (
	"fmt"
)

type g interface{ hi(string) string }
type en struct{ p string }

func (e en) hi(s string) string { return e.p + s }
func main() {
	var x g = en{"a-"}
	f := x.hi
	x = en{"b-"}
	fmt.Println(f("1"), x.hi("2"), g.hi(x, "3"))
	defer func() { fmt.Println(recover() != nil) }()
	x = nil
	h := x.hi
	h("never")
}
