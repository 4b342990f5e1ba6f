package main

import (
	"fmt"
	"iter"
)

func main() {
	next, stop := iter.Pull(func(yield func(string) bool) {
		defer fmt.Println("cleaned")
		for _, s := range []string{"a", "b", "c"} {
			if !yield(s) {
				return
			}
		}
	})
	v, ok := next()
	fmt.Println(v, ok)
	v, ok = next()
	fmt.Println(v, ok)
	stop()
	v, ok = next()
	fmt.Println(v == "", ok)
}
