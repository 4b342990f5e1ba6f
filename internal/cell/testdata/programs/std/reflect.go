package main

import (
	"fmt"
	"reflect"
)

type t struct {
	A int `k:"v"`
	b string
	C []int
}

func (t) M(int) string { return "" }
func main() {
	v := reflect.ValueOf(t{1, "x", nil})
	ty := v.Type()
	fmt.Println(ty, ty.Kind(), ty.NumField(), ty.NumMethod(), ty.Method(0).Name)
	for i := range ty.NumField() {
		f := ty.Field(i)
		fmt.Println(f.Name, f.Type, f.Tag.Get("k"), f.IsExported(), v.Field(i))
	}
	x := 3
	reflect.ValueOf(&x).Elem().SetInt(9)
	fmt.Println(x, reflect.DeepEqual([]int{1}, []int{1}), reflect.TypeFor[map[string]error]())
}
