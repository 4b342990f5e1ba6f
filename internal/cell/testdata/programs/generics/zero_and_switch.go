package main

import (
	"fmt"
)

func zero[T any]() (z T) { return }
func kind[T any](v T) string {
	switch any(v).(type) {
	case int:
		return "int"
	case string:
		return "string"
	case []T:
		return "slice of itself"
	}
	return fmt.Sprintf("%T", v)
}
func ptr[T any](v T) *T { return &v }
func main() {
	fmt.Println(zero[int](), zero[string]() == "", zero[*int]() == nil, kind(1), kind("a"), kind(1.5), *ptr(3), *ptr("x"))
}
