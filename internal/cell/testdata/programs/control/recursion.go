package main

import (
	"fmt"
)

func ack(m, n int) int {
	if m == 0 {
		return n + 1
	}
	if n == 0 {
		return ack(m-1, 1)
	}
	return ack(m-1, ack(m, n-1))
}
func hanoi(n int, a, b, c string, move func(string, string)) {
	if n > 0 {
		hanoi(n-1, a, c, b, move)
		move(a, c)
		hanoi(n-1, b, a, c, move)
	}
}
func perms(a []int, k int, f func([]int)) {
	if k == len(a) {
		f(a)
		return
	}
	for i := k; i < len(a); i++ {
		a[k], a[i] = a[i], a[k]
		perms(a, k+1, f)
		a[k], a[i] = a[i], a[k]
	}
}
func even(n int) bool { return n == 0 || odd(n-1) }
func odd(n int) bool  { return n != 0 && even(n-1) }
func main() {
	fmt.Println(ack(2, 3), even(10), odd(7))
	n := 0
	hanoi(5, "a", "b", "c", func(x, y string) { n++ })
	fmt.Println(n)
	perms([]int{1, 2, 3}, 0, func(p []int) { fmt.Print(p) })
	fmt.Println()
}
