package main

import (
	"fmt"
)

func sum(base int, xs ...int) int {
	for _, x := range xs {
		base += x
	}
	return base
}
func edit(xs ...int) {
	if len(xs) > 0 {
		xs[0] = 99
	}
}
func two() (int, int) { return 3, 4 }
func show(xs ...any)  { fmt.Println(len(xs), xs == nil, xs) }
func main() {
	s := []int{1, 2}
	fmt.Println(sum(1), sum(1, 2, 3), sum(0, s...), sum(two()))
	edit(s...)
	fmt.Println(s)
	edit(s[1])
	fmt.Println(s)
	show()
	show(nil)
	show(1, "a")
	show([]any{1, 2}...)
	show([]any{1, 2})
}
