package main

import (
	"fmt"
)

func f() (out []int) {
	for i := 0; i < 3; i++ {
		func() {
			defer func() { out = append(out, i) }()
			if i == 1 {
				return
			}
			out = append(out, i*10)
		}()
	}
	return
}
func g(n int) (r string) {
	defer func() {
		if e := recover(); e != nil {
			r = fmt.Sprint(e, "/", r)
		}
	}()
	r = "set"
	if n == 0 {
		panic("zero")
	}
	return fmt.Sprint("ok", 10/n)
}
func main() { fmt.Println(f(), g(0), g(5)) }
