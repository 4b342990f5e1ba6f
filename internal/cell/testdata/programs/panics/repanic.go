package main

import (
	"fmt"
)

func main() {
	defer fmt.Println("outer")
	defer func() {
		if r := recover(); r != nil {
			fmt.Println("got", r)
		}
	}()
	func() { defer func() { r := recover(); panic(fmt.Sprint("re-", r)) }(); panic("x") }()
}
