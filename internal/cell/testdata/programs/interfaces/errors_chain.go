package main

import (
	"errors"
	"fmt"
	"os"
)

type notFound struct{ name string }

func (n notFound) Error() string { return n.name + " not found" }

type wrap struct {
	msg string
	err error
}

func (w *wrap) Error() string { return w.msg + ": " + w.err.Error() }
func (w *wrap) Unwrap() error { return w.err }

var base = errors.New("base")

func main() {
	e := &wrap{"outer", fmt.Errorf("mid: %w", notFound{"x"})}
	var n notFound
	fmt.Println(e, errors.As(e, &n), n.name)
	f := fmt.Errorf("a: %w", &wrap{"b", base})
	fmt.Println(errors.Is(f, base), errors.Unwrap(f), errors.Is(f, os.ErrExist))
	var w *wrap
	fmt.Println(errors.As(f, &w), w.msg)
	j := errors.Join(base, notFound{"y"})
	fmt.Println(j, errors.Is(j, base))
}
