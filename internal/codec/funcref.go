package codec

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"unsafe"

	"github.com/gopar-project/gopar/internal/unit"
)

// anchor's address is what offsets of functions are relative to: programs may be loaded anywhere.
func anchor() {}

func anchorPC() uintptr { return reflect.ValueOf(anchor).Pointer() }

// refOf identifies the function v, which is not nil. The error says why it cannot be called elsewhere.
func refOf(v reflect.Value) (*FuncRef, error) {
	if hash, symbol, ok := unit.FuncOf(v.Interface()); ok {
		if t := unit.Lookup(hash); t != nil && t.Funcs[symbol] != nil {
			return &FuncRef{Unit: hash, Symbol: symbol}, nil
		}
		return nil, &Refusal{Type: v.Type(), Why: fmt.Sprintf("function %s is not one that other processes can ask for", symbol)}
	}
	pc := v.Pointer()
	fn := runtime.FuncForPC(pc)
	if fn == nil || fn.Entry() != pc {
		return nil, &Refusal{Type: v.Type(), Why: "it was made by reflection"}
	}
	name := fn.Name()
	switch {
	case strings.HasPrefix(name, unit.PathPrefix):
		return nil, &Refusal{Type: v.Type(), Why: "it is a function literal kept in a variable, whose captured variables are not known; " +
			"declare it with func, or write the literal where it is used"}
	case strings.HasSuffix(name, "-fm"):
		return nil, &Refusal{Type: v.Type(), Why: fmt.Sprintf("%s is bound to a value; pass the value as an argument",
			strings.TrimSuffix(name, "-fm"))}
	case !static(v, name):
		return nil, &Refusal{Type: v.Type(), Why: fmt.Sprintf("%s is a function literal that may have captured variables; "+
			"declare it with func and pass them as arguments", name)}
	}
	return &FuncRef{Symbol: name, Exec: Build(), Offset: int64(pc) - int64(anchorPC()), Type: v.Type().String()}, nil
}

// static reports whether the function value v is nothing but code: it was laid out by the linker, not made at run time
// around captured variables.
func static(v reflect.Value, name string) bool {
	box := reflect.New(v.Type())
	box.Elem().Set(v)
	closure := uintptr(*(*unsafe.Pointer)(box.UnsafePointer()))
	return inProgram(closure, name)
}

// lookup finds the function ref names in this process; t is its type, nil for a cell's, which is known by its name.
func (ref *FuncRef) lookup(t reflect.Type) (reflect.Value, error) {
	if ref.Unit != "" {
		table := unit.Lookup(ref.Unit)
		if table == nil {
			return reflect.Value{}, fmt.Errorf("unit %s is not loaded", ref.Unit)
		}
		f := reflect.ValueOf(table.Funcs[ref.Symbol])
		if !f.IsValid() || f.Kind() != reflect.Func {
			return reflect.Value{}, fmt.Errorf("unit %s has no function %s", ref.Unit, ref.Symbol)
		}
		return f, nil
	}
	if ref.Exec != Build() {
		return reflect.Value{}, fmt.Errorf("function %s is part of another program or build", ref.Symbol)
	}
	if t == nil || t.Kind() != reflect.Func || t.String() != ref.Type { // the content is signed, the buffers are not
		return reflect.Value{}, malformed("function %s without its type", ref.Symbol)
	}
	pc := uintptr(int64(anchorPC()) + ref.Offset)
	fn := runtime.FuncForPC(pc)
	if fn == nil || fn.Entry() != pc || fn.Name() != ref.Symbol {
		return reflect.Value{}, malformed("there is no function %s at %#x", ref.Symbol, ref.Offset)
	}
	v := reflect.New(t)
	*(*unsafe.Pointer)(v.UnsafePointer()) = unsafe.Pointer(&struct{ pc uintptr }{pc})
	return v.Elem(), nil
}

// How a function value is written.
const (
	funcNil     = iota
	funcUnit    // + unit, symbol
	funcLiteral // + unit, symbol of the maker, captures
)

// planFunc lets cells' functions travel as arguments and in data. Functions of the program itself do not: their address
// would have to be believed.
func planFunc(p *plan) {
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		v := reflect.NewAt(p.t, at).Elem()
		if v.IsNil() {
			e.uint(funcNil)
			return nil
		}
		hash, symbol, ok := unit.FuncOf(v.Interface())
		if !ok {
			_, err := refOf(v)
			if err == nil {
				err = &Refusal{Type: p.t, Why: "only functions declared in cells travel as values"}
			}
			return err
		}
		e.addUnit(unit.PathPrefix + hash)
		e.uint(funcUnit)
		e.text(hash)
		e.text(symbol)
		return nil
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error {
		how, err := d.uint()
		if err != nil || how == funcNil {
			return err
		}
		if how != funcUnit && how != funcLiteral {
			return malformed("function kind %d", how)
		}
		var ref FuncRef
		if ref.Unit, err = d.text(); err != nil {
			return err
		}
		if ref.Symbol, err = d.text(); err != nil {
			return err
		}
		f, err := ref.lookup(nil)
		if err != nil {
			return malformed("%v", err)
		}
		if how == funcLiteral {
			if f, err = d.literal(f); err != nil {
				return err
			}
		}
		if !f.Type().AssignableTo(p.t) {
			return malformed("%s is a %v, not a %v", ref.Symbol, f.Type(), p.t)
		}
		reflect.NewAt(p.t, at).Elem().Set(f)
		return nil
	}
}

var literalType = reflect.TypeFor[*Literal]()

// literal writes a lifted function literal as the function it stands for.
func (e *encoder) literal(l *Literal) error {
	f, err := literalOf(l)
	if err != nil {
		return err
	}
	if err := e.typeOf(f.t); err != nil {
		return err
	}
	e.addUnit(unit.PathPrefix + f.ref.Unit)
	e.uint(funcLiteral)
	e.text(f.ref.Unit)
	e.text(f.ref.Symbol)
	return within(e.dynamic(f.captures), " captured")
}

// literal reads the captures of a lifted function literal and makes it.
func (d *decoder) literal(maker reflect.Value) (reflect.Value, error) {
	t := maker.Type()
	if !isMaker(t) {
		return reflect.Value{}, malformed("%v makes no function literal", t)
	}
	captures, err := d.dynamic(t.In(0))
	if err != nil {
		return reflect.Value{}, err
	}
	if !captures.IsValid() || captures.Type() != t.In(0) || captures.IsNil() {
		return reflect.Value{}, malformed("captures do not fit %v", t)
	}
	return maker.Call([]reflect.Value{captures})[0], nil
}

// isMaker reports whether t is func(*struct{…}) func(…) ….
func isMaker(t reflect.Type) bool {
	return t.Kind() == reflect.Func && !t.IsVariadic() && t.NumIn() == 1 && t.NumOut() == 1 &&
		t.In(0).Kind() == reflect.Pointer && t.Out(0).Kind() == reflect.Func
}
