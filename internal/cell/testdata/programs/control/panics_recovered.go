package main

import (
	"errors"
	"fmt"
)

func safe(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("caught: %v", r)
		}
	}()
	f()
	return nil
}
func nested() {
	defer func() { r := recover(); fmt.Println("inner", r); panic("second") }()
	panic("first")
}
func helper() any { return recover() }
func main() {
	fmt.Println(safe(func() { panic("x") }), safe(func() {}), safe(nested))
	func() { defer func() { fmt.Println(recover()) }(); defer func() { helper() }(); panic("not by helper") }()
	func() {
		defer func() { fmt.Println(recover()) }()
		defer func() { func() { recover() }() }()
		panic("not by a closure")
	}()
	fmt.Println(recover(), safe(func() { panic(fmt.Errorf("wrapped %w", errors.New("e"))) }))
	fmt.Println(safe(func() { panic(nil) }))
}
