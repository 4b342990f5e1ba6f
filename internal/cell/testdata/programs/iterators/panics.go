package main

import (
	"fmt"
)

func seq(yield func(int) bool) {
	defer func() { fmt.Println("seq sees", recover() != nil) }()
	yield(1)
	yield(2)
}
func main() {
	defer func() { fmt.Println("main", recover()) }()
	for i := range seq {
		fmt.Println(i)
		if i == 1 {
			panic("in body")
		}
	}
}
