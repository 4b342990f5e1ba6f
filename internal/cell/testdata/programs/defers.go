package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

type resource struct{ name string }

func (r *resource) Close() { fmt.Println("close", r.name) }

func open(name string) *resource { fmt.Println("open", name); return &resource{name} }

func named() (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("recovered: %v", r)
			n *= 2
		}
	}()
	n = 21
	panic("boom")
}

func args() {
	x := 1
	defer fmt.Println("deferred x =", x)
	x = 2
	defer func() { fmt.Println("closure x =", x) }()
	x = 3
}

func nestedPanics() (s string) {
	defer func() {
		s = fmt.Sprint(s, "|outer:", recover())
	}()
	defer func() {
		defer func() {
			s = fmt.Sprint("inner:", recover())
			panic("third")
		}()
		panic("second")
	}()
	panic("first")
}

func rethrow() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = r.(error)
		}
	}()
	func() {
		defer func() {
			r := recover()
			panic(fmt.Errorf("wrapped: %w", r.(error)))
		}()
		panic(os.ErrNotExist)
	}()
	return nil
}

func noRecover() {
	defer fmt.Println("still runs")
	defer func() {
		func() { fmt.Println("nested recover:", recover()) }()
	}()
	panic("passes")
}

func loopDefers() {
	for i := range 3 {
		defer func(n int) { fmt.Print(n, i, ";") }(i * 10)
	}
}

type custom struct{ code int }

func (c custom) Error() string { return fmt.Sprint("custom ", c.code) }

func withGoexit(done chan<- string) {
	defer func() { done <- "goexit ran defers" }()
	runtime.Goexit()
}

func main() {
	defer fmt.Println("main's defer")
	a := open("a")
	defer a.Close()
	defer open("b").Close()
	fmt.Println(named())
	args()
	fmt.Println(nestedPanics())
	err := rethrow()
	fmt.Println(err, errors.Is(err, os.ErrNotExist))
	func() {
		defer func() { fmt.Println("caught", recover()) }()
		noRecover()
	}()
	loopDefers()
	fmt.Println()
	func() {
		defer func() {
			var c custom
			e, ok := recover().(error)
			fmt.Println(ok, errors.As(e, &c), c.code)
		}()
		panic(custom{7})
	}()
	done := make(chan string)
	go withGoexit(done)
	fmt.Println(<-done)
	func() {
		defer func() { r := recover(); fmt.Printf("%T %v\n", r, r) }()
		panic(nil)
	}()
	fmt.Println(recover())
	f := func() (r int) {
		defer func() { r += 100 }()
		return 5
	}
	fmt.Println(f())
	var nilFunc func()
	func() {
		defer func() { fmt.Println(recover()) }()
		nilFunc()
	}()
}
