package main

import (
	"fmt"
)

type set[T comparable] map[T]struct{}

func of[T comparable](xs ...T) set[T] {
	s := set[T]{}
	for _, x := range xs {
		s[x] = struct{}{}
	}
	return s
}
func (s set[T]) has(x T) bool { _, ok := s[x]; return ok }
func union[T comparable](a, b set[T]) set[T] {
	o := of[T]()
	for _, s := range []set[T]{a, b} {
		for x := range s {
			o[x] = struct{}{}
		}
	}
	return o
}
func main() {
	u := union(of(1, 2), of(2, 3))
	fmt.Println(len(u), u.has(3), u.has(4), of("a").has("a"))
}
