package main

import (
	"fmt"
)

func g() (int, error) { return 3, nil }
func main() {
	x := 1
	if x := 2; x > 1 {
		x := 3
		fmt.Print(x)
	} else if y := x; y > 0 {
		fmt.Print(y)
	}
	if n, err := g(); err != nil {
		fmt.Print(err)
	} else if n > 2 {
		fmt.Print("n", n)
	}
	{
		x := "inner"
		_ = x
	}
	fmt.Println(x)
}
