package main

import (
	"fmt"
	"runtime"
)

func try(f func()) {
	defer func() { r := recover(); e, ok := r.(runtime.Error); fmt.Println(r, ok, e != nil) }()
	f()
}
func main() {
	var p *struct{ x int }
	s := []int{1, 2, 3}
	i, z := 5, 0
	var m map[string]int
	var a any = "s"
	var f func()
	try(func() { fmt.Println(s[i]) })
	try(func() { fmt.Println(s[1:i]) })
	try(func() { fmt.Println(s[i:]) })
	try(func() { fmt.Println(1 / z) })
	try(func() { fmt.Println(p.x) })
	try(func() { m["a"] = 1 })
	try(func() { fmt.Println(a.(int)) })
	try(func() { f() })
	try(func() { _ = make([]int, z-1) })
	try(func() { fmt.Println("abc"[i]) })
	try(func() { fmt.Println(s[2 : 1+z]) })
	try(func() { var e error; e.Error() })
	try(func() { _ = a.(fmt.Stringer) })
	try(func() { fmt.Println("abc"[i:]) })
	try(func() { arr := [3]int{}; fmt.Println(arr[i%4+2]) })
	try(func() { close((chan int)(nil)) })
	try(func() { c := make(chan int); close(c); close(c) })
}
