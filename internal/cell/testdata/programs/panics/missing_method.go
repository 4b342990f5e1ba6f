package main

import (
	"fmt"
)

type a struct{}

func main() {
	var x any = a{}
	_, ok := x.(fmt.Stringer)
	fmt.Println(ok)
	fmt.Println(x.(fmt.Stringer))
}
