package codec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strconv"

	"github.com/gopar-project/gopar/internal/unit"
)

// Error stands for an error whose own type cannot travel or is not known where it arrived.
type Error struct {
	Type    string // as %T prints it
	Message string
	Wrapped []error
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap makes errors.Is and errors.As look at what was wrapped.
func (e *Error) Unwrap() []error { return e.Wrapped }

// sentinels are compared by identity, which only their name carries.
var sentinels = map[string]error{
	"io.EOF": io.EOF, "io.ErrUnexpectedEOF": io.ErrUnexpectedEOF, "io.ErrClosedPipe": io.ErrClosedPipe,
	"io.ErrShortBuffer": io.ErrShortBuffer, "io.ErrShortWrite": io.ErrShortWrite, "io.ErrNoProgress": io.ErrNoProgress,
	"context.Canceled": context.Canceled, "context.DeadlineExceeded": context.DeadlineExceeded,
	"fs.ErrInvalid": fs.ErrInvalid, "fs.ErrPermission": fs.ErrPermission, "fs.ErrExist": fs.ErrExist,
	"fs.ErrNotExist": fs.ErrNotExist, "fs.ErrClosed": fs.ErrClosed, "os.ErrProcessDone": os.ErrProcessDone,
	"os.ErrDeadlineExceeded": os.ErrDeadlineExceeded, "strconv.ErrRange": strconv.ErrRange, "strconv.ErrSyntax": strconv.ErrSyntax,
	"errors.ErrUnsupported": errors.ErrUnsupported, "unit.ErrInterrupted": unit.ErrInterrupted,
}

const (
	maxErrorDepth = 64
	maxWrapped    = 1 << 10
)

// errorValue writes the error v: its name if it is a sentinel, else its message and those of what it wraps, and, where
// it can travel as it is, a body. The body is an encoding of its own, so that whoever does not know its type can skip it.
func (e *encoder) errorValue(v reflect.Value) error {
	e.uint(typeError)
	return e.errorBody(v.Interface().(error), true)
}

func (e *encoder) errorBody(err error, body bool) error {
	if e.errors++; e.errors > maxErrorDepth {
		body = false
	}
	defer func() { e.errors-- }()
	for name, s := range sentinels {
		if same(err, s) {
			e.text(name)
			return nil
		}
	}
	e.text("")
	e.text(fmt.Sprintf("%T", err))
	e.text(message(err))
	wrapped := unwrap(err)
	if e.errors > maxErrorDepth {
		wrapped = nil
	}
	e.uint(uint64(len(wrapped)))
	for _, w := range wrapped {
		if err := e.errorBody(w, false); err != nil {
			return err
		}
	}
	if !body {
		e.uint(0)
		return nil
	}
	sub := &encoder{inline: true, errors: e.errors, depth: e.depth}
	if sub.dynamic(reflect.ValueOf(err)) != nil { // it cannot travel as it is: the message must do
		e.uint(0)
		return nil
	}
	e.uint(uint64(len(sub.buf)))
	e.buf = append(e.buf, sub.buf...)
	for _, u := range sub.units {
		e.addUnit(unit.PathPrefix + u)
	}
	return nil
}

// same compares errors that may be of types that cannot be compared.
func same(a, b error) bool {
	return reflect.TypeOf(a).Comparable() && a == b
}

// message is err.Error(), which is user code.
func message(err error) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprintf("%T (its Error method panics: %v)", err, r)
		}
	}()
	return err.Error()
}

func unwrap(err error) (wrapped []error) {
	defer func() {
		if recover() != nil {
			wrapped = nil
		}
	}()
	var all []error
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		all = []error{err.Unwrap()}
	case interface{ Unwrap() []error }:
		all = err.Unwrap()
	}
	for _, w := range all {
		if w != nil && len(wrapped) < maxWrapped {
			wrapped = append(wrapped, w)
		}
	}
	return wrapped
}

// errorValue reads an error: the value itself where its type is known, else an *Error.
func (d *decoder) errorValue() (reflect.Value, error) {
	v, err := d.errorBody(0)
	if err != nil {
		return reflect.Value{}, err
	}
	return reflect.ValueOf(v), nil
}

func (d *decoder) errorBody(depth int) (error, error) {
	if depth > maxErrorDepth+1 {
		return nil, malformed("errors nested more than %d deep", maxErrorDepth)
	}
	name, err := d.text()
	if err != nil {
		return nil, err
	}
	if name != "" {
		if s := sentinels[name]; s != nil {
			return s, nil
		}
		return &Error{Type: name, Message: name}, nil
	}
	e := &Error{}
	if e.Type, err = d.text(); err != nil {
		return nil, err
	}
	if e.Message, err = d.text(); err != nil {
		return nil, err
	}
	n, err := d.length(reflect.TypeFor[error]().Size())
	if err != nil {
		return nil, err
	}
	for range n {
		w, err := d.errorBody(depth + 1)
		if err != nil {
			return nil, err
		}
		e.Wrapped = append(e.Wrapped, w)
	}
	size, err := d.uint()
	if err != nil {
		return nil, err
	}
	body, err := d.take(size)
	if err != nil {
		return nil, err
	}
	if own := d.own(body); own != nil {
		return own, nil
	}
	return e, nil
}

// own decodes an error's body; nil when it is empty or means nothing here.
func (d *decoder) own(body []byte) (own error) {
	if len(body) == 0 {
		return nil
	}
	defer func() {
		if recover() != nil { // as in Decode
			own = nil
		}
	}()
	sub := newDecoder(body, nil)
	allowed := min(sub.budget, d.budget)
	sub.budget = allowed
	defer func() { d.budget -= allowed - sub.budget }()
	sub.depth = d.depth + maxDepth/maxErrorDepth
	if sub.depth > maxDepth {
		return nil
	}
	v, err := sub.dynamic(nil)
	if err != nil || !v.IsValid() || sub.off != len(body) {
		return nil
	}
	own, _ = v.Interface().(error)
	return own
}
