package main

import (
	"fmt"
)

func main() { a, b := 1, 0; defer func() { fmt.Println("d") }(); fmt.Println(a / b) }
