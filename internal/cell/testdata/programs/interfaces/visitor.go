package main

import (
	"fmt"
)

type expr interface {
	eval(map[string]float64) float64
}
type lit float64
type ref string
type op struct {
	o    byte
	l, r expr
}

func (l lit) eval(map[string]float64) float64     { return float64(l) }
func (v ref) eval(env map[string]float64) float64 { return env[string(v)] }
func (b op) eval(env map[string]float64) float64 {
	x, y := b.l.eval(env), b.r.eval(env)
	switch b.o {
	case '+':
		return x + y
	case '*':
		return x * y
	}
	panic("bad op " + string(b.o))
}
func main() {
	e := op{'+', lit(1), op{'*', ref("x"), lit(3)}}
	fmt.Println(e.eval(map[string]float64{"x": 5}))
	defer func() { fmt.Println(recover()) }()
	op{'?', lit(1), lit(2)}.eval(nil)
}
