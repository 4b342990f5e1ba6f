package main

import (
	"fmt"
	"unsafe"
)

type header struct {
	flag byte
	id   int64
	kind uint16
	data [3]byte
	ptr  *int
}

type packed struct {
	a, b, c uint8
	d       uint32
}

type list[T any] struct {
	head T
	rest *list[T]
}

func bytesOf[T any](v *T) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)) }

func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

const size = unsafe.Sizeof(header{})

var offsets = [...]uintptr{unsafe.Offsetof(header{}.id), unsafe.Offsetof(header{}.kind), unsafe.Offsetof(header{}.data)}

func main() {
	fmt.Println(size, offsets, unsafe.Alignof(int64(0)), unsafe.Sizeof(packed{}))
	p := packed{1, 2, 3, 0x01020304}
	fmt.Println(bytesOf(&p))
	*(*uint32)(unsafe.Add(unsafe.Pointer(&p), unsafe.Offsetof(p.d))) = 7
	(*(*[3]uint8)(unsafe.Pointer(&p)))[1] = 9
	fmt.Println(p)
	f := 1.5
	bits := *(*uint64)(unsafe.Pointer(&f))
	fmt.Printf("%x\n", bits)
	b := []byte("hello")
	s := str(b)
	b[0] = 'j'
	fmt.Println(s, len(s), *unsafe.StringData("x"))
	arr := [4]int32{1, 2, 3, 4}
	third := *(*int32)(unsafe.Pointer(uintptr(unsafe.Pointer(&arr)) + 2*unsafe.Sizeof(arr[0])))
	fmt.Println(third, unsafe.Slice(&arr[1], 2))
	fmt.Println(unsafe.Sizeof(list[int8]{}), unsafe.Sizeof(list[string]{}), unsafe.Offsetof(list[int64]{}.rest))
	type local struct {
		x int8
		y int16
	}
	fmt.Println(unsafe.Offsetof(local{}.y), unsafe.Sizeof(local{}))
	h := header{id: 5}
	id := (*int64)(unsafe.Pointer(uintptr(unsafe.Pointer(&h)) + unsafe.Offsetof(h.id)))
	*id++
	fmt.Println(h.id, h.ptr == nil)
}
