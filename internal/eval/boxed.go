package eval

import (
	"fmt"
	"go/types"
	"reflect"
	"runtime"
)

// box is a value in an interface whose type is not the one that it is held as: a type
// of a cell. Assertions, comparisons and method calls of interpreted code look into
// it; fmt sees what it would see.
type box struct {
	l *Loader
	t types.Type
	v reflect.Value
}

func (b *box) unbox() *box { return b }

// Format prints the value as fmt prints one of its type.
func (b *box) Format(f fmt.State, verb rune) { fmt.Fprintf(f, fmt.FormatString(f, verb), b.plain()) }

// boxer is implemented by box and its variants.
type boxer interface{ unbox() *box }

// stringBox is a box whose type has a method String.
type stringBox struct{ *box }

func (b stringBox) String() string { return b.text("String") }

// Format prints as fmt prints such a value.
func (b stringBox) Format(f fmt.State, verb rune) { b.format(f, verb, "String") }

// errorBox is a box whose type has a method Error.
type errorBox struct{ *box }

func (b errorBox) Error() string { return b.text("Error") }

// Format prints as fmt prints such a value.
func (b errorBox) Format(f fmt.State, verb rune) { b.format(f, verb, "Error") }

// Unwrap is the error inside, if the type has the method.
func (b errorBox) Unwrap() error {
	m := b.l.method(b.t, "Unwrap")
	if m == nil {
		return nil
	}
	out := b.l.callMethod(b.t, b.v, "Unwrap", nil)
	if len(out) != 1 || out[0].Kind() != reflect.Interface || out[0].IsNil() {
		return nil
	}
	err, _ := out[0].Interface().(error)
	return err
}

func (b *box) text(method string) string {
	return b.l.callMethod(b.t, b.v, method, nil)[0].String()
}

func (b *box) format(f fmt.State, verb rune, method string) {
	switch verb {
	case 'v', 's', 'x', 'X', 'q':
		fmt.Fprintf(f, fmt.FormatString(f, verb), b.text(method))
	default:
		fmt.Fprintf(f, fmt.FormatString(f, verb), b.plain())
	}
}

// plain is the value without its type.
func (b *box) plain() any {
	v := b.v
	if p, ok := types.Unalias(b.t).Underlying().(*types.Pointer); ok && v.Kind() == reflect.UnsafePointer {
		v = reflect.NewAt(b.l.rep(0, p.Elem()), v.UnsafePointer())
	}
	return exported(v).Interface()
}

// exported gives a value that was read from an unexported field without the mark of
// that.
func exported(v reflect.Value) reflect.Value {
	if !v.CanInterface() && v.CanAddr() {
		return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	}
	return v
}

// wrap makes the value of an interface type from a value of type t.
func (l *Loader) wrap(t types.Type, v reflect.Value, to reflect.Type) reflect.Value {
	out := reflect.New(to).Elem()
	if types.IsInterface(t) {
		if v.IsValid() && !v.IsNil() {
			out.Set(v.Elem())
		}
		return out
	}
	if !mentionsUnit(t) {
		out.Set(v)
		return out
	}
	copied := reflect.New(v.Type()).Elem()
	copied.Set(v)
	b := &box{l, t, copied}
	switch {
	case l.isText(t, "Error"):
		out.Set(reflect.ValueOf(errorBox{b}))
	case l.isText(t, "String"):
		out.Set(reflect.ValueOf(stringBox{b}))
	default:
		out.Set(reflect.ValueOf(b))
	}
	return out
}

// isText reports whether a type has a method of that name without parameters that
// returns a string.
func (l *Loader) isText(t types.Type, name string) bool {
	m := l.method(t, name)
	if m == nil {
		return false
	}
	s := m.Signature()
	return s.Params().Len() == 0 && s.Results().Len() == 1 && types.Identical(s.Results().At(0).Type(), types.Typ[types.String])
}

// method finds a method in the method set of a type.
func (l *Loader) method(t types.Type, name string) *types.Func {
	for _, n := range []string{name, "M_" + name} {
		for sel := range types.NewMethodSet(t).Methods() {
			if sel.Obj().Name() == n {
				return sel.Obj().(*types.Func)
			}
		}
	}
	return nil
}

// dynamic returns the type and value that an interface holds; a nil type for nil.
func (l *Loader) dynamic(v reflect.Value) (types.Type, reflect.Value) {
	if !v.IsValid() || v.IsNil() {
		return nil, reflect.Value{}
	}
	if b, ok := v.Interface().(boxer); ok {
		return b.unbox().t, b.unbox().v
	}
	return nil, v.Elem()
}

// holds reports whether an interface holds a value of type t, and which.
func (l *Loader) holds(v reflect.Value, t types.Type, rep reflect.Type) (reflect.Value, bool) {
	if !v.IsValid() || v.IsNil() {
		return reflect.Value{}, false
	}
	dt, dv := l.dynamic(v)
	if i, ok := t.Underlying().(*types.Interface); ok {
		return v, l.implements(dt, dv, i)
	}
	if dt != nil {
		return dv, types.Identical(dt, t)
	}
	return dv, !mentionsUnit(t) && dv.Type() == rep
}

// implements reports whether a dynamic type has the methods of an interface.
func (l *Loader) implements(dt types.Type, dv reflect.Value, i *types.Interface) bool {
	if dt != nil {
		return types.Implements(dt, i)
	}
	for m := range i.Methods() {
		if !dv.MethodByName(m.Name()).IsValid() {
			return false
		}
	}
	return true
}

// equal compares as == does.
func (l *Loader) equal(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		at, av := l.dynamic(a)
		bt, bv := l.dynamic(b)
		if (at == nil) != (bt == nil) || at != nil && !types.Identical(at, bt) || at == nil && av.Type() != bv.Type() {
			return false
		}
		if !av.Comparable() {
			name := av.Type().String()
			if at != nil {
				name = l.name(at)
			}
			panic(runtimeError("comparing uncomparable type " + name))
		}
		return l.equal(av, bv)
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).Name != "_" && !l.equal(exported(a.Field(i)), exported(b.Field(i))) {
				return false
			}
		}
		return true
	case reflect.Array:
		for i := range a.Len() {
			if !l.equal(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// A plainError is a runtime error that reflection cannot cause.
type plainError string

// Error implements error.
func (e plainError) Error() string { return string(e) }

// RuntimeError makes it a runtime.Error.
func (plainError) RuntimeError() {}

var _ runtime.Error = plainError("")

func runtimeError(text string) error { return plainError("runtime error: " + text) }

// asserted is the error of a failed type assertion, in the words of the runtime.
func (l *Loader) asserted(v reflect.Value, static, want types.Type) error {
	iface := l.name(static)
	if i, ok := types.Unalias(static).(*types.Interface); ok && i.Empty() {
		iface = "interface {}"
	}
	if v.IsNil() {
		if types.IsInterface(want) {
			iface = "interface"
		}
		return plainError("interface conversion: " + iface + " is nil, not " + l.name(want))
	}
	dt, dv := l.dynamic(v)
	have := ""
	if dt != nil {
		have = l.name(dt)
	} else {
		have = dv.Type().String()
	}
	if i, ok := want.Underlying().(*types.Interface); ok {
		missing := ""
		for m := range i.Methods() {
			if dt != nil && l.method(dt, m.Name()) == nil || dt == nil && !dv.MethodByName(m.Name()).IsValid() {
				missing = m.Name()
				break
			}
		}
		return plainError("interface conversion: " + have + " is not " + l.name(want) + ": missing method " + missing)
	}
	return plainError("interface conversion: " + iface + " is " + have + ", not " + l.name(want))
}

// name writes a type as a running program does.
func (l *Loader) name(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}
