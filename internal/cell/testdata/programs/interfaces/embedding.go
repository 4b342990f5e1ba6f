package main

import (
	"fmt"
)

type r interface{ read() string }
type w interface{ write(string) }
type rw interface {
	r
	w
	close() error
}
type file struct{ data []string }

func (f *file) read() string {
	if len(f.data) == 0 {
		return ""
	}
	s := f.data[0]
	f.data = f.data[1:]
	return s
}
func (f *file) write(s string) { f.data = append(f.data, s) }
func (f *file) close() error   { f.data = nil; return nil }
func main() {
	var x rw = &file{}
	x.write("a")
	x.write("b")
	var y r = x
	fmt.Println(y.read(), x.read(), x.read() == "")
	z, ok := y.(rw)
	fmt.Println(ok, z.close())
	_, ok = y.(interface{ seek() })
	fmt.Println(ok)
}
