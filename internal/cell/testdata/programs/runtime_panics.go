package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
)

type animal interface{ sound() string }
type cat struct{ name string }

func (c *cat) sound() string { return c.name }

type plant struct{}
type tree struct {
	left, right *tree
	val         int
}

type unhashable struct{ f []int }

func try(name string, f func()) {
	defer func() {
		r := recover()
		var re runtime.Error
		err, isErr := r.(error)
		fmt.Println(name+":", r, isErr, isErr && errors.As(err, &re))
	}()
	f()
	fmt.Println(name, "did not panic")
}

func depth(t *tree) int { return t.left.val }

func div(a, b int) int { return a / b }

func index(s []int, i int) int { return s[i] }

var arr [4]int

func main() {
	var m map[string]int
	var c *cat
	var a animal
	var s []int
	n := 5
	try("index", func() { index([]int{1, 2, 3}, n) })
	try("negative index", func() { index(make([]int, 3), n-6) })
	try("array", func() { arr[n]++ })
	try("slice", func() { _ = make([]int, 3)[n:] })
	try("slice 3", func() { _ = s[0:0:n] })
	try("string", func() { _ = "abc"[n] })
	try("conversion", func() { _ = [4]int(make([]int, 2)) })
	try("nil map", func() { m["a"] = 1 })
	try("nil map read", func() { fmt.Println(m["a"], len(m)); delete(m, "a") })
	try("nil deref", func() { _ = c.name })
	try("nil method", func() { c.sound() })
	try("nil interface", func() { a.sound() })
	try("nested nil", func() { depth(&tree{}) })
	try("divide", func() { div(1, n-5) })
	try("assertion nil", func() { _ = a.(*cat) })
	try("assertion type", func() { var x any = plant{}; _ = x.(*cat) })
	try("assertion basic", func() { var x any = 1; _ = x.(string) })
	try("assertion iface", func() { var x any = plant{}; _ = x.(animal) })
	try("assertion ptr", func() { var x any = cat{}; _ = x.(animal) })
	try("makeslice", func() { _ = make([]int, n-6) })
	try("makechan", func() { _ = make(chan int, n-6) })
	try("unhashable", func() { _ = map[any]int{unhashable{}: 1} })
	try("compare", func() { var x, y any = unhashable{}, unhashable{}; _ = x == y })
	try("custom", func() { panic(cat{"tom"}) })
	try("pointer", func() { panic(fmt.Sprintf("%T", c)) })
	try("error", func() { panic(errors.New("plain")) })
	try("close nil", func() { var ch chan int; close(ch) })
	try("repeat", func() { strings.Repeat("x", n-6) })
	try("nil func", func() { var f func(int) int; f(1) })
	try("ok", func() {})
	var t *tree
	fmt.Println(t.val)
}
