//differential:main hides names
package main

import (
	"fmt"
)

func main() {
	len := func(s string) int { return 42 }
	true := false
	string := 5
	fmt.Println(len("abc"), true, string)
	{
		nil := 3
		fmt.Println(nil)
	}
	type int float64
	var x int = 1.5
	fmt.Println(x)
}
