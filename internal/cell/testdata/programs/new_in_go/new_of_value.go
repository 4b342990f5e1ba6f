package main

import (
	"fmt"
)

func main() { p := new(42); q := new("s"); *p++; fmt.Println(*p, *q) }
