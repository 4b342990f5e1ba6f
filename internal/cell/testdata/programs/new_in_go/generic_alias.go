package main

import (
	"fmt"
)

type vec[T any] = []T
type dict[V any] = map[string]V

func sum(v vec[int]) (t int) {
	for _, x := range v {
		t += x
	}
	return
}
func main() {
	fmt.Println(sum(vec[int]{1, 2, 3}), dict[bool]{"a": true})
	var v vec[string] = []string{"x"}
	fmt.Printf("%T\n", v)
}
