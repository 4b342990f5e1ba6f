package main

import (
	"errors"
	"fmt"
)

type node struct {
	val  int
	next *node
}

func (n *node) sum() int {
	if n == nil {
		return 0
	}
	return n.val + n.next.sum()
}

func (n *node) String() string {
	if n == nil {
		return "<nil node>"
	}
	return fmt.Sprintf("%d->%v", n.val, n.next)
}

type summer interface{ sum() int }

type nilSlice []int

func (s nilSlice) sum() (t int) {
	for _, v := range s {
		t += v
	}
	return
}

type nilMap map[string]int

func (m nilMap) get(k string) int { return m[k] }

type nilFunc func() error

func (f nilFunc) call() error {
	if f == nil {
		return errors.New("nil func")
	}
	return f()
}

type myErr struct{}

func (*myErr) Error() string { return "my error" }

func maybe(fail bool) error {
	var e *myErr
	if fail {
		e = new(myErr)
	}
	return e
}

func safe() error { return nil }

var (
	pn *node
	ns nilSlice
	nm nilMap
	nf nilFunc
	nc chan int
	ni summer
	na any
)

func main() {
	fmt.Println(pn.sum(), ns.sum(), nm.get("x"), nf.call(), pn, len(ns), len(nm), cap(nc))
	fmt.Println(pn == nil, ns == nil, nm == nil, nf == nil, nc == nil, ni == nil, na == nil)
	ni = pn
	fmt.Println(ni == nil, ni.sum(), ni, ni == (*node)(nil))
	na = ns
	_, isSlice := na.(nilSlice)
	fmt.Println(na == nil, isSlice, na.(nilSlice) == nil)
	fmt.Println(maybe(false) == nil, maybe(true), safe() == nil)
	ns = append(ns, 1, 2)
	fmt.Println(ns.sum(), ns[:0] == nil, nilSlice{} == nil, append(nilSlice(nil)) == nil)
	pn = &node{1, &node{2, nil}}
	fmt.Println(pn, pn.sum(), ni == summer(pn))
	select {
	case <-nc:
	default:
		fmt.Println("nil channel blocks")
	}
	var pp **node
	func() {
		defer func() { fmt.Println(recover()) }()
		fmt.Println(*pp)
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		nm["x"] = 1
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		var s summer
		s.sum()
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		var x *struct{ a, b int }
		x.b = 1
	}()
	var arr *[3]int
	fmt.Println(len(arr))
	for i := range arr {
		fmt.Print(i)
	}
	fmt.Println()
	var f func(*node) int = (*node).sum
	fmt.Println(f(nil), f(pn))
	fmt.Printf("%v %+v %T %T\n", (*node)(nil) == nil, nilMap(nil), ni, na)
	var e1, e2 error
	fmt.Println(e1 == e2, errors.Is(nil, e1), errors.Join(nil, nil) == nil)
	if err := maybe(false); err != nil {
		var me *myErr
		fmt.Println("typed nil is not nil", errors.As(err, &me), me == nil)
	}
}
