package main

import (
	"fmt"
)

type n struct {
	v    int
	next *n
}

func main() { l := &n{1, nil}; fmt.Println(l.v); fmt.Println(l.next.v) }
