package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/gopar-project/gopar/internal/unit"
)

// Lit wraps a function literal that the front end lifted: maker is a function of a cell that takes a pointer to a struct
// of the captured variables and returns the literal; captures is such a pointer. The result is accepted wherever package
// parallel takes a function.
func Lit(maker any, captures any) any { return &Literal{Maker: maker, Captures: captures} }

// Literal is a function literal with what it captured; see Lit.
type Literal struct {
	Maker    any // func(*struct{…}) func(…) …, declared in a cell
	Captures any // *struct{…}
}

// Func is a function that can be called elsewhere.
type Func struct {
	ref      *FuncRef
	t        reflect.Type
	name     string
	captures reflect.Value // invalid unless a literal's
	reads    []string      // session variables
	unit     string
}

// FuncOf identifies f, a function or what Lit made of a literal. The error says why it cannot be called elsewhere.
func FuncOf(f any) (*Func, error) {
	if l, ok := f.(*Literal); ok {
		return literalOf(l)
	}
	v := reflect.ValueOf(f)
	if !v.IsValid() || v.Kind() != reflect.Func {
		return nil, fmt.Errorf("%s is not a function", describe(f))
	}
	if v.IsNil() {
		return nil, errors.New("the function is nil")
	}
	ref, err := refOf(v)
	if err != nil {
		return nil, within(err, "func")
	}
	return newFunc(ref, v.Type(), shortName(ref.Symbol)), nil
}

func literalOf(l *Literal) (*Func, error) {
	maker := reflect.ValueOf(l.Maker)
	if maker.Kind() != reflect.Func || maker.IsNil() || !isMaker(maker.Type()) {
		return nil, fmt.Errorf("a function literal was lifted to %s, which makes no function", describe(l.Maker))
	}
	captures := reflect.ValueOf(l.Captures)
	if !captures.IsValid() || captures.Type() != maker.Type().In(0) || captures.IsNil() {
		return nil, fmt.Errorf("a function literal captured %s, its maker takes %v", describe(l.Captures), maker.Type().In(0))
	}
	ref, err := refOf(maker)
	if err != nil {
		return nil, within(err, "func")
	}
	ref.Captures = 1
	f := newFunc(ref, maker.Type().Out(0), "func")
	f.captures = captures
	return f, nil
}

func newFunc(ref *FuncRef, t reflect.Type, name string) *Func {
	f := &Func{ref: ref, t: t, name: name, unit: ref.Unit}
	if table := unit.Lookup(ref.Unit); table != nil && ref.Unit != "" {
		f.reads = table.Reads[ref.Symbol]
	}
	return f
}

// shortName is a symbol without its package's path and type arguments: "main.(*T).f" is "(*T).f".
func shortName(symbol string) string {
	if i := strings.LastIndexByte(symbol, '/'); i >= 0 && !strings.Contains(symbol[i:], "]") {
		symbol = symbol[i+1:]
	}
	if pkg, rest, ok := strings.Cut(symbol, "."); ok && (pkg == "main" || strings.HasPrefix(pkg, "cell")) {
		return rest
	}
	return symbol
}

// describe is a value's type, or nil.
func describe(v any) string {
	if v == nil {
		return "nil"
	}
	return fmt.Sprintf("%T", v)
}

// Name returns the function's name, "func" for a literal.
func (f *Func) Name() string { return f.name }

// Type returns the function's type.
func (f *Func) Type() reflect.Type { return f.t }

// Native reports whether the function is part of this very program rather than of a cell.
func (f *Func) Native() bool { return f.ref.Exec != "" }

// SetProgram tells where engines get the program from that the function is part of.
func (f *Func) SetProgram(p *Program) { f.ref.Program = p }

// String returns the signature as it stands in errors: "mul(int, int) int".
func (f *Func) String() string { return signature(f.name, f.t) }

func signature(name string, t reflect.Type) string {
	var b strings.Builder
	b.WriteString(name)
	b.WriteByte('(')
	for i := range t.NumIn() {
		if i > 0 {
			b.WriteString(", ")
		}
		s := typeText(t.In(i))
		if t.IsVariadic() && i == t.NumIn()-1 {
			s = "..." + typeText(t.In(i).Elem())
		}
		b.WriteString(s)
	}
	b.WriteByte(')')
	return b.String()
}

// typeText is a type as a cell's author writes it.
func typeText(t reflect.Type) string {
	return strings.ReplaceAll(strings.ReplaceAll(t.String(), "main.", ""), "interface {}", "any")
}

// Call is a packed call: the content and buffers of an apply_request.
type Call struct {
	Content Content
	Buffers [][]byte
}

// JSON returns the content as it goes into a message.
func (c *Call) JSON() (json.RawMessage, error) { return json.Marshal(&c.Content) }

// Pack checks args against the function's parameters and packs a call. Large numeric slices are not copied.
func (f *Func) Pack(args []any) (*Call, error) {
	values, err := arguments(f.name, f.t, args)
	if err != nil {
		return nil, err
	}
	return f.pack(values, false)
}

func (f *Func) pack(args []reflect.Value, asMap bool) (*Call, error) {
	c := &Call{Content: Content{Codec: Version, Func: f.ref, Args: len(args), Map: asMap, Build: Build()}}
	values := make([]reflect.Value, 0, len(f.reads)+2+len(args))
	names := make([]string, 0, cap(values))
	if f.ref.Exec != "" {
		values, names = append(values, reflect.Zero(f.t)), append(names, "func") // its type, for lookup
	}
	for _, id := range f.reads {
		v, ok := unit.Value(id)
		if !ok {
			continue // declared, never run: it is zero on both sides
		}
		name, _, _ := strings.Cut(id, "|")
		c.Content.Vars = append(c.Content.Vars, VarRef{ID: id})
		values, names = append(values, v), append(names, "variable "+name) // the pointer: it carries the type of an interface, too
	}
	if f.captures.IsValid() {
		values, names = append(values, f.captures), append(names, "captured")
	}
	for i, v := range args {
		values, names = append(values, v), append(names, pathOf(i))
	}
	buffers, units, err := encode(values, names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	c.Buffers = buffers
	for _, u := range units {
		if u != f.unit {
			c.Content.Units = append(c.Content.Units, u)
		}
	}
	if f.unit != "" {
		c.Content.Units = append(c.Content.Units, f.unit)
	}
	return c, nil
}

// Mapping is a function with the slices it is to be applied to.
type Mapping struct {
	f      *Func
	slices []reflect.Value
	n      int
}

// Mapping checks slices against the function's parameters: one slice or array for each, of one length.
func (f *Func) Mapping(slices []any) (*Mapping, error) {
	params := parameters(f.t)
	if f.t.IsVariadic() {
		return nil, fmt.Errorf("%s: Map needs a function with a fixed number of parameters", f)
	}
	if len(slices) != len(params) {
		return nil, fmt.Errorf("%s: %d slices, want %d, one for each parameter", f, len(slices), len(params))
	}
	if len(slices) == 0 {
		return nil, fmt.Errorf("%s: Map needs a function with at least one parameter", f)
	}
	m := &Mapping{f: f, slices: make([]reflect.Value, len(slices))}
	for i, s := range slices {
		v := reflect.ValueOf(s)
		if !v.IsValid() || v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
			return nil, fmt.Errorf("%s: slice %d is %s, want []%s", f, i+1, describe(s), typeText(params[i]))
		}
		if i > 0 && v.Len() != m.n {
			return nil, fmt.Errorf("%s: slice %d has %d elements, slice 1 has %d", f, i+1, v.Len(), m.n)
		}
		m.n = v.Len()
		var err error
		if m.slices[i], err = elementsAs(v, params[i]); err != nil {
			return nil, fmt.Errorf("%s: slice %d%w", f, i+1, err)
		}
	}
	return m, nil
}

// Len returns the number of elements.
func (m *Mapping) Len() int { return m.n }

// Pack packs the call for the elements from i to j.
func (m *Mapping) Pack(i, j int) (*Call, error) {
	parts := make([]reflect.Value, len(m.slices))
	for k, s := range m.slices {
		parts[k] = s.Slice(i, j)
	}
	return m.f.pack(parts, true)
}

// Store packs values for the variables that are bound to names where the task runs; see Bind.
func Store(names []string, values []any) (*Call, error) {
	vs := make([]reflect.Value, len(values))
	for i, v := range values {
		vs[i] = reflect.ValueOf(v)
	}
	buffers, units, err := encode(vs, names)
	if err != nil {
		return nil, err
	}
	return &Call{Content: Content{Codec: Version, Op: OpStore, Args: len(values), Names: names, Units: units, Build: Build()}, Buffers: buffers}, nil
}

// Fetch packs a task that returns what was kept under names.
func Fetch(names []string) *Call {
	return &Call{Content: Content{Codec: Version, Op: OpFetch, Names: names, Build: Build()}}
}

// Results decodes the result frames of a call of f: its results but the last, if that is an error.
func (f *Func) Results(frames [][]byte, asMap bool) ([]any, error) {
	var want []reflect.Type
	for _, t := range results(f.t) {
		if asMap {
			t = reflect.SliceOf(t)
		}
		want = append(want, t)
	}
	return Values(frames, want...)
}

// Values decodes frames into plain values.
func Values(frames [][]byte, want ...reflect.Type) ([]any, error) {
	values, err := Decode(frames, want...)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(values))
	for i, v := range values {
		if v.IsValid() {
			out[i] = v.Interface()
		}
	}
	return out, nil
}

// results are a function's results without a last error, which is the task's.
func results(t reflect.Type) []reflect.Type {
	n := t.NumOut()
	if n > 0 && t.Out(n-1) == errorType {
		n--
	}
	out := make([]reflect.Type, n)
	for i := range out {
		out[i] = t.Out(i)
	}
	return out
}
