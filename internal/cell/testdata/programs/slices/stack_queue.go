package main

import (
	"fmt"
)

type stack []int

func (s *stack) push(v int) { *s = append(*s, v) }
func (s *stack) pop() int   { v := (*s)[len(*s)-1]; *s = (*s)[:len(*s)-1]; return v }
func (s stack) peek() int   { return s[len(s)-1] }
func main() {
	var s stack
	for i := range 4 {
		s.push(i * i)
	}
	fmt.Println(s.pop(), s.peek(), len(s), s)
	q := []int{1, 2}
	q = append(q, 3)
	h := q[0]
	q = q[1:]
	fmt.Println(h, q)
}
