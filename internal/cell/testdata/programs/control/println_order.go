package main

import (
	"fmt"
	"os"
)

func main() {
	defer fmt.Println("last")
	for i := range 2 {
		func() { defer fmt.Println("d", i); fmt.Println("b", i) }()
	}
	fmt.Fprintln(os.Stdout, "x", 1, true)
	fmt.Print("a", 1, 2, "b", 3, nil, "\n")
	fmt.Print(1, 2, "\n")
}
