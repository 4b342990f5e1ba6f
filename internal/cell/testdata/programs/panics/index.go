package main

import (
	"fmt"
)

func get(s []int, i int) int { return s[i] }
func main()                  { fmt.Println(get([]int{1}, 0)); fmt.Println(get([]int{1, 2}, 7)) }
