package main

import (
	"fmt"
	"log"
	"strings"
)

func main() {
	var b strings.Builder
	l := log.New(&b, "[p] ", log.Lmsgprefix)
	l.Printf("n=%d", 1)
	l.Println("x", 2)
	fmt.Print(b.String())
	defer func() { fmt.Println(recover()) }()
	l.Panicf("bad %d", 3)
}
