package main

import (
	"fmt"
)

type c int
type d int

func kind(x any) string {
	switch x.(type) {
	case int:
		return "int"
	case c:
		return "c"
	case d:
		return "d"
	}
	return "?"
}
func main() {
	fmt.Println(kind(1), kind(c(1)), kind(d(1)), any(c(1)) == any(d(1)), any(c(1)) == any(c(1)), any(1) == any(c(1)))
	_, ok := any(c(2)).(int)
	fmt.Println(ok)
	fmt.Printf("%T %T %v\n", c(1), []d{1}, c(5))
}
