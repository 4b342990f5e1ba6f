package main

import (
	"fmt"
)

type cfg struct {
	n int
	s string
}
type opt func(*cfg)

func n(v int) opt    { return func(c *cfg) { c.n = v } }
func s(v string) opt { return func(c *cfg) { c.s = v } }
func mk(os ...opt) cfg {
	c := cfg{1, "d"}
	for _, o := range os {
		o(&c)
	}
	return c
}
func main() { fmt.Println(mk(), mk(n(5)), mk(s("x"), n(2))) }
