package main

import (
	"fmt"
)

func steps(n uint64) (s int) {
	for ; n != 1; s++ {
		if n%2 == 0 {
			n /= 2
		} else {
			n = 3*n + 1
		}
	}
	return s
}
func main() {
	best, at := 0, uint64(0)
	for i := uint64(1); i < 2000; i++ {
		if s := steps(i); s > best {
			best, at = s, i
		}
	}
	fmt.Println(best, at)
}
