package main

import (
	"fmt"
)

func main() {
	var fs []func()
	for i := range 3 {
		fs = append(fs, func() { fmt.Print(i) })
	}
	for _, f := range fs {
		f()
	}
	for i := range 2 {
		defer fmt.Println("defer", i)
	}
	type my int
	for i := range my(2) {
		fmt.Printf(" %T", i)
	}
	fmt.Println()
}
