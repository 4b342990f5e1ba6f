package main

import "fmt"

type vec struct{ x int }

type T_other struct{ y string }

func G_pick(n int) string { return fmt.Sprint("plain", n) }

func pick[T any](v T) string { return fmt.Sprintf("generic %v", v) }

const C_two = "C"
const one = "c"

const C_hash = "hash"

type S_struct = struct{ a, b int }

func M_area() string { return "func M_area" }

type sq struct{ side int }

func (s sq) area() int           { return s.side * s.side }
func (s sq) M_perimeter() string { return "exported" }

var Exported = 5

func Public(n int) int { return n + Exported }

type Type struct{ Field, hidden int }

func (t Type) Method() int { return t.Field + t.hidden }

var p, q, d = 1, 2, 3

type unit struct{ hash string }

func unsafe(n int) int { return n }

type reflect interface{ unit() unit }

func (u unit) unit() unit { return u }

func view(v any) any { return v }

var init_ = "x"

func run() string { return "run" }

func register() string { return "register" }

func f0() string { return "f0" }

type cell struct{}

type any1 = any

func main() {
	fmt.Println(vec{1}, T_other{"t"}, G_pick(1), pick(2), C_two, one, C_hash)
	s := S_struct{1, 2}
	fmt.Println(s.a, M_area(), sq{3}.area(), sq{3}.M_perimeter(), Exported, Public(1))
	t := Type{1, 2}
	t.hidden++
	fmt.Println(t.Method(), p, q, d, unsafe(4), init_, run(), register(), f0(), view(cell{}))
	var r reflect = unit{"h"}
	fmt.Println(r.unit().hash)
	Exported++
	var x any1 = Public
	fmt.Println(x.(func(int) int)(0))
	fmt.Printf("%T %T %T\n", t, T_other{}, s)
}
