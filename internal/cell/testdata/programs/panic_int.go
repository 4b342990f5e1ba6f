package main

import (
	"fmt"
	"strconv"
)

func check(n int) {
	if n > 2 {
		panic(n * 10)
	}
}

func main() {
	for i := range 5 {
		fmt.Println(strconv.Itoa(i))
		check(i)
	}
}
