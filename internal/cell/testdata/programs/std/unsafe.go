package main

import (
	"fmt"
	"unsafe"
)

type t struct {
	a int8
	b int64
	c int16
}

func main() {
	var x t
	fmt.Println(unsafe.Sizeof(x), unsafe.Offsetof(x.b), unsafe.Alignof(x.c))
	b := []byte("abc")
	s := unsafe.String(&b[0], len(b))
	fmt.Println(s, len(unsafe.Slice(&b[1], 2)))
	f := 1.5
	fmt.Printf("%#x\n", *(*uint64)(unsafe.Pointer(&f)))
	p := (*int64)(unsafe.Add(unsafe.Pointer(&x), 8))
	*p = 7
	fmt.Println(x.b)
}
