package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

var errBase = errors.New("base")

type notFound struct {
	key  string
	hint *string
}

func (e *notFound) Error() string { return "not found: " + e.key }

func (e *notFound) Is(target error) bool { return target == errBase }

type codeError int

func (c codeError) Error() string { return "code " + strconv.Itoa(int(c)) }

type wrapped struct {
	op  string
	err error
}

func (w wrapped) Error() string { return w.op + ": " + w.err.Error() }
func (w wrapped) Unwrap() error { return w.err }

type timeout interface{ timeout() bool }

type netErr struct{ error }

func (netErr) timeout() bool { return true }

func find(key string) (string, error) {
	switch key {
	case "a":
		return "value", nil
	case "b":
		return "", &notFound{key: key}
	case "c":
		return "", wrapped{"find", codeError(5)}
	case "d":
		return "", fmt.Errorf("lookup %q: %w", key, errors.Join(errBase, codeError(6)))
	case "e":
		return "", netErr{errors.New("slow")}
	}
	_, err := os.Open("/no/such/file")
	return "", err
}

func mayFail(fail bool) error {
	var e *notFound
	if fail {
		e = &notFound{key: "x"}
		return e
	}
	return nil
}

func typedNil() error {
	var e *notFound
	return e
}

func main() {
	for _, k := range []string{"a", "b", "c", "d", "e", "f"} {
		v, err := find(k)
		var nf *notFound
		var ce codeError
		var pe *fs.PathError
		var to timeout
		fmt.Println(k, v, err, errors.Is(err, errBase), errors.As(err, &nf), errors.As(err, &ce), ce, errors.As(err, &pe), errors.As(err, &to) && to.timeout(), errors.Is(err, fs.ErrNotExist))
		if nf != nil {
			fmt.Println(nf.key, nf.hint == nil)
		}
		if w, ok := err.(wrapped); ok {
			fmt.Println(w.op, w.err == codeError(5), errors.Unwrap(w))
		}
		switch e := err.(type) {
		case nil:
		case *notFound:
			fmt.Printf("%T\n", e)
		case codeError, wrapped:
			fmt.Printf("%T\n", e)
		case interface{ Unwrap() []error }:
			fmt.Println(len(e.Unwrap()))
		default:
			fmt.Printf("other %T\n", e)
		}
	}
	fmt.Println(mayFail(false) == nil, mayFail(true) == nil, typedNil() == nil)
	_, err := strconv.ParseInt("99999999999999999999", 10, 64)
	fmt.Println(err, errors.Is(err, strconv.ErrRange))
	var num *strconv.NumError
	if errors.As(err, &num) {
		fmt.Println(num.Func, num.Num)
	}
	a, err := find("a")
	b, err := find("b")
	fmt.Println(a, b == "", err)
	panic(wrapped{"main", errBase})
}
