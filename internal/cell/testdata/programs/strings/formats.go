package main

import (
	"fmt"
)

type pt struct{ X, Y int }

func main() {
	fmt.Printf("%v %+v %d %s %q %x|%5d|%-5d|%05d|%+d\n", pt{1, 2}, pt{3, 4}, []int{1, 2}, []string{"a"}, "q", "hex", 42, 42, 42, 42)
	fmt.Printf("%t %v %p %c %U\n", true, nil, nil, 'x', 'ä')
	fmt.Printf("%d %s\n", "no", 5)
	fmt.Printf("%d\n")
	fmt.Printf("%!\n")
	fmt.Printf("x\n", 1)
	fmt.Printf("%[2]d %[1]d %*d %.*f\n", 1, 2, 4, 7, 2, 3.14159)
	fmt.Println(map[string]int{"b": 1, "a": 2}, [2]bool{true}, struct{}{}, &pt{5, 6}, []any{1, "a", nil})
}
