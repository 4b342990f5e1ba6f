package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

type animal interface{ name() string }
type walker interface {
	animal
	walk() string
}
type dog struct{ tag string }
type bird struct {
	dog
	wings int
}
type robot[T any] struct{ part T }
type id int
type ids []id
type op func(id) id
type tree map[string]tree

func (d dog) name() string      { return "dog " + d.tag }
func (d *dog) walk() string     { return d.tag + " walks" }
func (b bird) name() string     { return "bird" }
func (r robot[T]) name() string { return fmt.Sprintf("robot %v", r.part) }
func (r robot[T]) walk() string { return "rolls" }
func (i id) name() string       { return fmt.Sprint("id ", int(i)) }
func (ids) name() string        { return "ids" }
func (o op) name() string       { return fmt.Sprint("op ", int(o(1))) }

func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case dog, *dog:
		return fmt.Sprintf("dogs %v", v.(animal).name())
	case bird:
		v.wings++
		return fmt.Sprint(v.tag, v.wings)
	case robot[int]:
		return fmt.Sprint("int robot ", v.part+1)
	case robot[string]:
		return "string robot " + v.part
	case walker:
		return "walker " + v.walk()
	case id:
		return fmt.Sprint("id+1=", v+1)
	case ids:
		return fmt.Sprint(len(v), v[0])
	case op:
		return fmt.Sprint(v(2))
	case func(id) id:
		return "bare func"
	case []id, map[id]string:
		return fmt.Sprintf("%T", v)
	case tree:
		return fmt.Sprint("tree ", len(v))
	case chan id:
		return fmt.Sprint("chan ", cap(v))
	case *robot[[]id]:
		return fmt.Sprint("pointer ", v.part)
	case [2]id:
		return fmt.Sprint("array ", v[1])
	case struct{ id }:
		return "struct " + v.name()
	case io.Reader:
		b, _ := io.ReadAll(v)
		return string(b)
	case error:
		return "error " + v.Error()
	case animal:
		return "animal " + v.name()
	}
	return fmt.Sprintf("? %T", v)
}

func kind[T any](x T) string {
	var v any = x
	if _, ok := v.(T); !ok {
		return "not itself"
	}
	switch any(*new(T)).(type) {
	case id:
		return "is id"
	case animal:
		return "is animal"
	}
	return "neither"
}

func unused(v any) int {
	switch x := v.(type) {
	case int:
		return x
	case string, dog:
	default:
		_ = x
	}
	return -1
}

func main() {
	d := dog{"rex"}
	for _, v := range []any{nil, d, &d, bird{d, 1}, robot[int]{4}, robot[string]{"s"}, robot[float64]{2}, id(5), ids{7, 8}, op(func(i id) id { return i * 3 }),
		func(i id) id { return i }, []id{1}, map[id]string{}, tree{"a": nil}, make(chan id, 3), &robot[[]id]{[]id{1, 2}}, [2]id{1, 9}, struct{ id }{6},
		strings.NewReader("read"), errors.New("e"), &bird{}, 1.5, (*dog)(nil) == nil, [1]dog{}} {
		fmt.Println(describe(v))
	}
	fmt.Println(kind(id(1)), kind(d), kind(1), kind[animal](d), unused(3), unused("s"), unused(2.5))
	var a animal = d
	if w, ok := a.(walker); ok {
		fmt.Println(w.walk())
	}
	a = &d
	if w, ok := a.(walker); ok {
		fmt.Println(w.walk())
	}
	w, ok := any(robot[bool]{}).(interface{ walk() string })
	fmt.Println(w, ok)
	switch x := a.(type) {
	case walker:
		switch y := x.(type) {
		case *dog:
			y.tag = "renamed"
			fmt.Println(x.name(), y.name(), d.tag)
		}
	}
	switch a.(type) {
	case dog:
		fmt.Println("value")
	case *dog:
		fmt.Println("pointer")
	}
}
