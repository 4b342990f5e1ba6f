package main

import (
	"fmt"
)

func f() (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	n = 5
	var m map[int]int
	m[1] = n
	return 7, nil
}
func main() { fmt.Println(f()) }
