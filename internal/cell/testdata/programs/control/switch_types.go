package main

import (
	"errors"
	"fmt"
)

type a struct{}
type b struct{ n int }

func (b) M() {}

type m interface{ M() }

func what(x any) string {
	switch v := x.(type) {
	case nil:
		return "nil"
	case int:
		return fmt.Sprint("int", v+1)
	case a, *a:
		return fmt.Sprintf("%T", v)
	case m:
		return "has M"
	case []int:
		return fmt.Sprint(len(v))
	case func() int:
		return fmt.Sprint(v())
	case error:
		return v.Error()
	}
	return "?"
}
func main() {
	for _, x := range []any{nil, 1, a{}, &a{}, b{2}, &b{3}, []int{1}, func() int { return 7 }, errors.New("e"), 1.5, "s", int8(1)} {
		fmt.Println(what(x))
	}
}
