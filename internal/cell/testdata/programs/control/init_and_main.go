package main

import (
	"fmt"
)

var order = []string{"var"}
var a = b + 1
var b = c()

func c() int { order = append(order, "c"); return 10 }
func init()  { order = append(order, "init1"); a++ }
func init()  { order = append(order, "init2") }
func main()  { fmt.Println(order, a, b) }
