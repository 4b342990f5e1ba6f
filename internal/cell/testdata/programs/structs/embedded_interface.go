package main

import (
	"fmt"
	"strings"
)

type speaker interface{ speak() string }
type dog struct{}

func (dog) speak() string { return "woof" }

type loud struct{ speaker }

func (l loud) speak() string { return strings.ToUpper(l.speaker.speak()) + "!" }
func main() {
	var s speaker = loud{loud{dog{}}}
	fmt.Println(s.speak())
	defer func() { fmt.Println(recover() != nil) }()
	fmt.Println(loud{}.speak())
}
