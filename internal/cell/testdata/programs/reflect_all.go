package main

import (
	"encoding/json"
	"fmt"
	"reflect"
)

type inner struct {
	A int `json:"a"`
	b string
}

type Outer struct {
	inner
	Name    string         `json:"name,omitempty" xml:"n"`
	Tags    []string       `json:"tags"`
	Extra   map[string]any `json:"extra,omitempty"`
	Ptr     *inner         `json:"ptr"`
	private float64
	Func    func(int) string `json:"-"`
	Any     any
	Arr     [2]bool
	Anon    struct{ X, y int }
	Ch      chan<- int `json:"-"`
}

func (o Outer) Method(int) string { return "m" }
func (o *Outer) Pointer()         {}

type kind int
type alias = kind
type fn func(a kind, b ...string) (int, error)
type iface interface {
	Method(int) string
}
type generic[K comparable, V any] struct {
	Key K
	Val V
}

func show(v any) {
	t := reflect.TypeOf(v)
	fmt.Printf("%T | %v | %s | %v\n", v, t.Kind(), t.Name(), t)
}

func main() {
	o := Outer{inner: inner{1, "b"}, Name: "n", Tags: []string{"x"}, Ptr: &inner{2, "c"}, private: 1.5, Any: kind(3)}
	o.Anon.X, o.Anon.y = 4, 5
	t := reflect.TypeOf(o)
	fmt.Println(t.Name(), t.Kind(), t.NumField(), t.NumMethod(), reflect.TypeOf(&o).NumMethod(), t.Method(0).Name)
	for i := range t.NumField() {
		f := t.Field(i)
		fmt.Println(i, f.Name, f.Type, f.Tag, f.Anonymous, f.IsExported(), f.Offset)
	}
	o.Func, o.Ch = nil, nil
	fmt.Printf("%v\n", o.inner)
	p := o.Ptr
	o.Ptr = nil
	fmt.Printf("%v\n%+v\n", o, o)
	o.Ptr = p
	data, err := json.Marshal(o)
	fmt.Println(string(data), err)
	var back Outer
	fmt.Println(json.Unmarshal(data, &back), back.Name, back.A, back.Ptr.A, back.Anon.X, back.Any)
	show(kind(1))
	show(alias(2))
	show(fn(nil))
	show([]kind{})
	show(map[kind]*inner{})
	show(generic[kind, []inner]{})
	show(&generic[string, map[string]kind]{})
	show([3]inner{})
	show(struct {
		X inner
		y kind `tag:"t"`
	}{})
	show(func(inner, ...kind) {})
	show(make(chan kind))
	show((*iface)(nil))
	fmt.Println(reflect.TypeFor[iface]().NumMethod(), t.Implements(reflect.TypeFor[iface]()))
	v := reflect.ValueOf(&o).Elem()
	v.FieldByName("Name").SetString("set")
	fmt.Println(o.Name, v.FieldByName("private").Float(), v.FieldByName("private").CanSet(), v.FieldByName("b"))
	fmt.Println(v.MethodByName("Method").Call([]reflect.Value{reflect.ValueOf(1)})[0])
	fmt.Println(reflect.DeepEqual(o, o), reflect.DeepEqual([]inner{{1, "a"}}, []inner{{1, "a"}}), reflect.DeepEqual(inner{1, "a"}, inner{1, "b"}))
	fmt.Printf("%#v %#v\n", o.inner, kind(3))
	fmt.Printf("%#v\n", []generic[int, string]{{1, "a"}})
	type local struct{ v int }
	show(local{1})
	fmt.Printf("%+v %#v\n", local{1}, []local{{2}})
	fmt.Println(reflect.TypeOf(o).Field(1).Tag.Get("xml"), reflect.Zero(reflect.TypeOf(kind(0))))
	nv := reflect.New(reflect.TypeOf(inner{})).Elem()
	nv.Field(0).SetInt(9)
	fmt.Println(nv.Interface().(inner).A, nv)
}
