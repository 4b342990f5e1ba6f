package main

import (
	"fmt"
)

func main() {
	a := []int{1, 2, 3, 4}
	n := copy(a[1:], a)
	fmt.Println(n, a)
	b := make([]byte, 3)
	fmt.Println(copy(b, "hello"), string(b), copy(b, []byte(nil)))
	var c []int
	fmt.Println(copy(c, a), len(c))
}
