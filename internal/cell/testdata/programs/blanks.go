package main

import (
	"fmt"
	_ "image/png"
	"os"
	_ "strings"
)

type padded struct {
	_ int
	a int
	_ string
	b int
	_ [0]func()
}

type _ struct{ x int }

func _() { panic("never") }

var _, kept, _ = three()

var _ fmt.Stringer = thing{}

const _ = iota

type thing struct{}

func (thing) String() string                  { return "thing" }
func (_ thing) use(_ int, _ ...string) string { return "used" }
func (*thing) _()                             {}

func three() (a, _ int, c string) { return 1, 2, "c" }

func unnamed(int, string) (_ error) { return nil }

func params(_, b int, _ string) int { return b }

type fnType func(_ int, named string) (_ bool)

func main() {
	var p padded
	p.a, p.b = 1, 2
	fmt.Println(p.a, p.b, kept)
	_, b, _ := three()
	_ = b
	for range 2 {
	}
	for _, v := range []int{1} {
		_ = v
	}
	for _, _ = range []int{1, 2} {
	}
	_, _ = os.Getwd()
	var _ int = 5
	var _ = fmt.Sprint("evaluated")
	_, ok := map[int]int{1: 1}[1]
	fmt.Println(ok, thing{}.use(1), unnamed(1, ""), params(1, 2, ""))
	var f fnType = func(_ int, s string) bool { return s == "" }
	fmt.Println(f(1, ""))
	switch _ = any(1); {
	default:
		fmt.Println("default")
	}
	func(_ int) { fmt.Println("lit") }(1)
	_ = func() int { fmt.Println("called"); return 1 }()
	if _, err := os.Stat("/"); err == nil {
		fmt.Println("exists")
	}
	type _ int
	const _ = 3
	x, _ := 1, 2
	fmt.Println(x)
}
