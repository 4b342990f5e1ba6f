package main

import (
	"fmt"
)

func f(x int) string {
	switch {
	case x < 0:
		return "neg"
	case x == 0:
		return "zero"
	default:
		return "pos"
	}
}
func main() {
	for i := -1; i < 2; i++ {
		fmt.Print(f(i), " ")
	}
	switch x := 5; x {
	case 1, 2:
		fmt.Println("low")
	case 5:
		fmt.Println("five")
		fallthrough
	case 6:
		fmt.Println("six")
	case 7:
		fmt.Println("seven")
	}
	switch {
	default:
		fmt.Println("default first")
	case false:
	}
	switch x := any(3.5).(type) {
	case int, string:
		fmt.Printf("%T\n", x)
	case float64:
		fmt.Println(x * 2)
	}
	switch 3 {
	case 1 + 2:
		fmt.Println("three")
	}
	for i := range 4 {
		switch i {
		case 1:
			continue
		case 3:
			break
		default:
			fmt.Print(i)
		}
	}
	switch f := func() int { return 2 }; f() {
	case 2:
		fmt.Println("!")
	}
}
