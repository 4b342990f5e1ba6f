package codec

import (
	"fmt"
	"math"
	"reflect"
	"sync"
	"unsafe"
)

// plan says how values of one type are encoded and decoded. Plans are made once per type and never change.
type plan struct {
	t     reflect.Type
	size  uintptr
	plain bool   // memory without pointers, padding or invalid values: copied as it is
	why   string // not "": values of this type cannot travel, and why
	enc   func(e *encoder, p unsafe.Pointer) error
	dec   func(d *decoder, p unsafe.Pointer) error
}

var plans = struct {
	done     sync.Map // reflect.Type → *plan, complete with all plans they use
	mu       sync.Mutex
	building map[reflect.Type]*plan // guarded by mu; nil unless a plan is being made
}{}

// planFor returns the plan of t.
func planFor(t reflect.Type) *plan {
	if p, ok := plans.done.Load(t); ok {
		return p.(*plan)
	}
	plans.mu.Lock()
	defer plans.mu.Unlock()
	plans.building = map[reflect.Type]*plan{}
	p := build(t)
	for t, p := range plans.building { // all at once: half-built plans are never seen
		plans.done.Store(t, p)
	}
	plans.building = nil
	return p
}

// build makes the plan of t and of the types in it. The caller holds plans.mu. A recursive type meets its own unfinished
// plan, which is complete before anybody uses it; only plain must be known earlier, and no type contains itself by value.
func build(t reflect.Type) *plan {
	if p, ok := plans.done.Load(t); ok {
		return p.(*plan)
	}
	if p := plans.building[t]; p != nil {
		return p
	}
	p := &plan{t: t, size: t.Size()}
	plans.building[t] = p
	if special(p) {
		return p
	}
	switch t.Kind() {
	case reflect.Bool:
		p.enc, p.dec = encBool, decBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64, reflect.Uintptr, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		p.setPlain()
	case reflect.String:
		p.enc, p.dec = encString, decString
	case reflect.Slice:
		planSlice(p)
	case reflect.Array:
		planArray(p)
	case reflect.Struct:
		planStruct(p)
	case reflect.Pointer:
		planPointer(p)
	case reflect.Map:
		planMap(p)
	case reflect.Interface:
		planInterface(p)
	case reflect.Func:
		planFunc(p)
	default: // Chan, UnsafePointer
		planNilOnly(p)
	}
	return p
}

// setPlain makes p copy memory.
func (p *plan) setPlain() {
	p.plain = true
	size := p.size
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		e.buf = append(e.buf, unsafe.Slice((*byte)(at), size)...)
		return nil
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error {
		b, err := d.take(uint64(size))
		if err == nil {
			copy(unsafe.Slice((*byte)(at), size), b)
		}
		return err
	}
}

func encBool(e *encoder, at unsafe.Pointer) error {
	b := byte(0)
	if *(*bool)(at) {
		b = 1
	}
	e.buf = append(e.buf, b)
	return nil
}

func decBool(d *decoder, at unsafe.Pointer) error {
	b, err := d.take(1)
	if err != nil {
		return err
	}
	if b[0] > 1 {
		return malformed("bool %d", b[0])
	}
	*(*bool)(at) = b[0] == 1
	return nil
}

func encString(e *encoder, at unsafe.Pointer) error {
	e.string(*(*string)(at))
	return nil
}

func decString(d *decoder, at unsafe.Pointer) (err error) {
	*(*string)(at), err = d.string()
	return err
}

func planArray(p *plan) {
	elem := build(p.t.Elem())
	n := p.t.Len()
	if elem.plain {
		p.setPlain()
		return
	}
	if elem.why != "" && n > 0 {
		p.why = elem.why
	}
	p.enc = func(e *encoder, at unsafe.Pointer) error { return e.elements(elem, at, n) }
	p.dec = func(d *decoder, at unsafe.Pointer) error { return d.elements(elem, at, n) }
}

// field is one field of a struct plan.
type field struct {
	name   string
	offset uintptr
	plan   *plan
}

func planStruct(p *plan) {
	fields := make([]field, 0, p.t.NumField())
	plain, end := true, uintptr(0)
	for i := range p.t.NumField() {
		f := p.t.Field(i)
		fp := build(f.Type)
		plain = plain && fp.plain && f.Offset == end && f.Name != "_"
		end = f.Offset + f.Type.Size()
		if f.Name == "_" { // nothing can be read from it
			continue
		}
		fields = append(fields, field{f.Name, f.Offset, fp})
	}
	if plain && end == p.size {
		p.setPlain()
		return
	}
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		for i := range fields {
			f := &fields[i]
			if err := f.plan.encode(e, unsafe.Add(at, f.offset)); err != nil {
				return within(err, "."+f.name)
			}
		}
		return nil
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error {
		for i := range fields {
			f := &fields[i]
			if err := f.plan.decode(d, unsafe.Add(at, f.offset)); err != nil {
				return within(err, "."+f.name)
			}
		}
		return nil
	}
}

// planNilOnly is for types whose only value that means anything elsewhere is nil.
func planNilOnly(p *plan) {
	why := "a channel connects goroutines of one process"
	if p.t.Kind() == reflect.UnsafePointer {
		why = "an address means nothing in another process"
	}
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		if *(*unsafe.Pointer)(at) != nil {
			return &Refusal{Type: p.t, Why: why}
		}
		return nil
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error { return nil }
}

// encode writes the value at at, or refuses its type.
func (p *plan) encode(e *encoder, at unsafe.Pointer) error {
	if p.why != "" {
		return &Refusal{Type: p.t, Why: p.why}
	}
	return p.enc(e, at)
}

// decode reads a value into at.
func (p *plan) decode(d *decoder, at unsafe.Pointer) error {
	if p.why != "" {
		return malformed("a %v cannot travel", p.t)
	}
	return p.dec(d, at)
}

// A Refusal says which part of a value cannot travel, and why.
type Refusal struct {
	Path string // where it is: "args[1].conn"
	Type reflect.Type
	Why  string
}

// Error implements error.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s: %v cannot travel: %s", r.Path, r.Type, r.Why)
}

// ErrMalformed is the error of input that is not what Encode makes; wrapped with details.
type malformedError struct{ path, what string }

func (m *malformedError) Error() string {
	if m.path == "" {
		return "malformed value: " + m.what
	}
	return "malformed value at " + m.path + ": " + m.what
}

func malformed(format string, args ...any) error {
	return &malformedError{what: fmt.Sprintf(format, args...)}
}

// within puts a step in front of an error's path.
func within(err error, step string) error {
	switch err := err.(type) {
	case *Refusal:
		err.Path = step + err.Path
	case *malformedError:
		if len(err.path) < 200 { // a hostile nesting must not make a quadratic message
			err.path = step + err.path
		}
	}
	return err
}

// maxLength bounds a length before it is multiplied.
const maxLength = math.MaxInt32 * 64
