package main

import (
	"fmt"
)

func main() { var x any = 3; n, ok := x.(string); fmt.Println(n, ok); fmt.Println(x.(string)) }
