package main

import (
	"fmt"
)

type setter[T any] interface {
	*T
	Set(string)
}
type conf struct{ v string }

func (c *conf) Set(s string) { c.v = s }
func build[T any, P setter[T]](ss ...string) []T {
	o := make([]T, len(ss))
	for i, s := range ss {
		P(&o[i]).Set(s)
	}
	return o
}
func main() { fmt.Println(build[conf]("a", "b")) }
