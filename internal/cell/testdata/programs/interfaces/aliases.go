package main

import (
	"fmt"
)

type celsius = float64
type list = []int
type pair[T any] = struct{ A, B T }

func sum(l list) (t int) {
	for _, v := range l {
		t += v
	}
	return
}
func main() {
	var c celsius = 1.5
	var f float64 = c
	fmt.Println(f, sum([]int{1, 2}), pair[int]{1, 2})
	fmt.Printf("%T %T\n", c, list{})
	var r rune = 'a'
	var i int32 = r
	var b byte = 1
	var u uint8 = b
	var a any = i
	_, ok := a.(rune)
	fmt.Println(i, u, ok)
}
