package main

import (
	"fmt"
)

type stack[T any] struct{ items []T }

func (s *stack[T]) push(v ...T) *stack[T] { s.items = append(s.items, v...); return s }
func (s *stack[T]) pop() (v T, ok bool) {
	if len(s.items) == 0 {
		return
	}
	v = s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return v, true
}

type pair[K comparable, V any] struct {
	Key K
	Val V
}

func main() {
	s := &stack[string]{}
	s.push("a", "b").push("c")
	v, ok := s.pop()
	fmt.Println(v, ok, s.items)
	var n stack[int]
	fmt.Println(n.pop())
	p := pair[string, []int]{"k", []int{1}}
	fmt.Printf("%+v\n", p)
}
