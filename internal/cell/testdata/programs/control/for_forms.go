package main

import (
	"fmt"
)

func main() {
	for i := 0; i < 3; i++ {
		fmt.Print(i)
	}
	i := 5
	for i > 3 {
		i--
		fmt.Print(i)
	}
	for {
		i++
		if i > 5 {
			break
		}
	}
	for i := range 3 {
		fmt.Print(i)
	}
	for range 2 {
		fmt.Print("x")
	}
	for i, j := 0, 10; i < j; i, j = i+1, j-2 {
		fmt.Print(i, j, ";")
	}
	fmt.Println(i)
	for i := range int8(3) {
		fmt.Printf("%T", i)
	}
	const c = 2
	for i := range c {
		fmt.Print(i)
	}
	var u uint16 = 2
	for i := range u {
		fmt.Printf("%T%d", i, i)
	}
}
