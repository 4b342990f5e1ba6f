package main

import (
	"fmt"
)

func main() {
	s := "aab"
	i := 0
	n := 0
start:
	if i == len(s) {
		goto done
	}
	if s[i] == 'a' {
		n++
		i++
		goto start
	}
	n += 100
	i++
	goto start
done:
	fmt.Println(n)
}
