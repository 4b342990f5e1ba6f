package codec

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/gopar-project/gopar/internal/unit"
)

// How a type's description starts. Basic unnamed types are their reflect.Kind. From typeFirst on it is the index of a
// type that was described before.
const (
	typeNil       = uint64(reflect.Invalid) // no type: a nil interface
	typeError     = 40                      // an error, which comes with its own description
	typeNamed     = 41                      // + package path, package name, name, fingerprint
	typeAny       = 42                      // interface{}
	typeInterface = 43                      // another interface without a name: found by its text
	typeKnown     = 63                      // not written: typeOf found a type
	typeFirst     = 64
)

// maxTypeDepth bounds the nesting of a type's description.
const maxTypeDepth = 64

// typeOf writes the description of t.
func (e *encoder) typeOf(t reflect.Type) error {
	if isBasic(t) {
		e.uint(uint64(t.Kind()))
		return nil
	}
	if i, ok := e.types[t]; ok {
		e.uint(typeFirst + i)
		return nil
	}
	if err := e.describe(t); err != nil {
		return err
	}
	if e.types == nil {
		e.types = map[reflect.Type]uint64{}
	}
	e.types[t] = uint64(len(e.types)) // after the types in it, as the decoder does
	return nil
}

func isBasic(t reflect.Type) bool {
	k := t.Kind()
	return t.PkgPath() == "" && (k <= reflect.Complex128 || k == reflect.String) && t.Name() == k.String()
}

func (e *encoder) describe(t reflect.Type) error {
	if t.Name() != "" {
		e.addUnit(t.PkgPath())
		e.uint(typeNamed)
		e.text(t.PkgPath())
		e.text(strings.TrimSuffix(strings.TrimSuffix(t.String(), t.Name()), "."))
		e.text(t.Name())
		e.buf = binary.LittleEndian.AppendUint32(e.buf, fingerprint(t))
		return nil
	}
	if t.Kind() == reflect.Interface {
		if t.NumMethod() == 0 {
			e.uint(typeAny)
			return nil
		}
		e.uint(typeInterface)
		e.text(t.String())
		return nil
	}
	e.uint(uint64(t.Kind()))
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer:
		return e.typeOf(t.Elem())
	case reflect.Array:
		e.uint(uint64(t.Len()))
		return e.typeOf(t.Elem())
	case reflect.Map:
		if err := e.typeOf(t.Key()); err != nil {
			return err
		}
		return e.typeOf(t.Elem())
	case reflect.Chan:
		e.uint(uint64(t.ChanDir()))
		return e.typeOf(t.Elem())
	case reflect.Struct:
		return e.describeStruct(t)
	case reflect.Func:
		return e.describeFunc(t)
	}
	return nil
}

func (e *encoder) describeStruct(t reflect.Type) error {
	e.uint(uint64(t.NumField()))
	for i := range t.NumField() {
		f := t.Field(i)
		e.text(f.Name)
		e.text(f.PkgPath)
		e.text(string(f.Tag))
		embedded := byte(0)
		if f.Anonymous {
			embedded = 1
		}
		e.buf = append(e.buf, embedded)
		if err := e.typeOf(f.Type); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) describeFunc(t reflect.Type) error {
	variadic := uint64(0)
	if t.IsVariadic() {
		variadic = 1
	}
	e.uint(uint64(t.NumIn())<<1 | variadic)
	e.uint(uint64(t.NumOut()))
	for i := range t.NumIn() {
		if err := e.typeOf(t.In(i)); err != nil {
			return err
		}
	}
	for i := range t.NumOut() {
		if err := e.typeOf(t.Out(i)); err != nil {
			return err
		}
	}
	return nil
}

// text writes a short string inline.
func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (d *decoder) text() (string, error) {
	n, err := d.uint()
	if err != nil {
		return "", err
	}
	b, err := d.take(n)
	return string(b), err
}

// typeOf reads a description. A type that equals want, or a part of it, is taken from there, so that types that are not
// known by name (declared in a function) are found. special is typeNil or typeError when there is no
// type, else typeKnown.
func (d *decoder) typeOf(want reflect.Type, depth int) (t reflect.Type, special uint64, err error) {
	if depth > maxTypeDepth {
		return nil, 0, malformed("type nested more than %d deep", maxTypeDepth)
	}
	code, err := d.uint()
	if err != nil {
		return nil, 0, err
	}
	switch {
	case code >= typeFirst:
		if code-typeFirst >= uint64(len(d.types)) {
			return nil, 0, malformed("type %d of %d", code-typeFirst, len(d.types))
		}
		return d.types[code-typeFirst], typeKnown, nil
	case (code == typeNil || code == typeError) && depth == 0:
		return nil, code, nil
	case code < uint64(len(basicTypes)) && basicTypes[code] != nil:
		return basicTypes[code], typeKnown, nil
	}
	t, err = d.described(code, want, depth)
	if err == nil {
		d.types = append(d.types, t)
	}
	return t, typeKnown, err
}

var basicTypes = [...]reflect.Type{
	reflect.Bool: reflect.TypeFor[bool](), reflect.Int: reflect.TypeFor[int](), reflect.Int8: reflect.TypeFor[int8](),
	reflect.Int16: reflect.TypeFor[int16](), reflect.Int32: reflect.TypeFor[int32](), reflect.Int64: reflect.TypeFor[int64](),
	reflect.Uint: reflect.TypeFor[uint](), reflect.Uint8: reflect.TypeFor[uint8](), reflect.Uint16: reflect.TypeFor[uint16](),
	reflect.Uint32: reflect.TypeFor[uint32](), reflect.Uint64: reflect.TypeFor[uint64](), reflect.Uintptr: reflect.TypeFor[uintptr](),
	reflect.Float32: reflect.TypeFor[float32](), reflect.Float64: reflect.TypeFor[float64](),
	reflect.Complex64: reflect.TypeFor[complex64](), reflect.Complex128: reflect.TypeFor[complex128](), reflect.String: reflect.TypeFor[string](),
}

var anyType = reflect.TypeFor[any]()

func (d *decoder) described(code uint64, want reflect.Type, depth int) (reflect.Type, error) {
	switch code {
	case typeNamed:
		return d.named(want)
	case typeAny:
		return anyType, nil
	case typeInterface:
		text, err := d.text()
		if err != nil {
			return nil, err
		}
		if want != nil && want.Kind() == reflect.Interface && want.String() == text {
			return want, nil
		}
		return nil, fmt.Errorf("type %s is not known here", text)
	}
	kind := reflect.Kind(code)
	if want == nil || want.Kind() != kind || want.Name() != "" {
		want = nil
	}
	part := func(of func(reflect.Type) reflect.Type) (reflect.Type, error) {
		var w reflect.Type
		if want != nil {
			w = of(want)
		}
		t, _, err := d.typeOf(w, depth+1)
		return t, err
	}
	elem := func() (reflect.Type, error) { return part(reflect.Type.Elem) }
	switch kind {
	case reflect.Slice, reflect.Pointer:
		t, err := elem()
		if err != nil {
			return nil, err
		}
		if want != nil && want.Elem() == t {
			return want, nil // reflect may know another type of the same look, see common.go
		}
		if kind == reflect.Slice {
			return reflect.SliceOf(t), nil
		}
		return reflect.PointerTo(t), nil
	case reflect.Array:
		n, err := d.uint()
		if err != nil {
			return nil, err
		}
		t, err := elem()
		if err != nil {
			return nil, err
		}
		if n > maxLength || t.Size() > 0 && n > d.budget/uint64(t.Size()) {
			return nil, malformed("array of %d elements", n)
		}
		if want != nil && want.Elem() == t && want.Len() == int(n) {
			return want, nil
		}
		return reflect.ArrayOf(int(n), t), nil
	case reflect.Map:
		k, err := part(reflect.Type.Key)
		if err != nil {
			return nil, err
		}
		t, err := elem()
		if err != nil {
			return nil, err
		}
		if !k.Comparable() {
			return nil, malformed("map with keys of type %v", k)
		}
		if want != nil && want.Key() == k && want.Elem() == t {
			return want, nil
		}
		return reflect.MapOf(k, t), nil
	case reflect.Chan:
		dir, err := d.uint()
		if err != nil {
			return nil, err
		}
		t, err := elem()
		if err != nil {
			return nil, err
		}
		if dir < 1 || dir > 3 || t.Size() >= 1<<16 {
			return nil, malformed("channel type")
		}
		return reflect.ChanOf(reflect.ChanDir(dir), t), nil
	case reflect.Struct:
		return d.structType(want, depth)
	case reflect.Func:
		return d.funcType(want, depth)
	}
	return nil, malformed("type code %d", code)
}

func (d *decoder) structType(want reflect.Type, depth int) (reflect.Type, error) {
	n, err := d.uint()
	if err != nil {
		return nil, err
	}
	if n > uint64(len(d.buf)-d.off) {
		return nil, malformed("struct of %d fields", n)
	}
	if want != nil && uint64(want.NumField()) != n {
		want = nil
	}
	fields := make([]reflect.StructField, n)
	same := want != nil
	for i := range fields {
		f := &fields[i]
		if f.Name, err = d.text(); err != nil {
			return nil, err
		}
		if f.PkgPath, err = d.text(); err != nil {
			return nil, err
		}
		tag, err := d.text()
		if err != nil {
			return nil, err
		}
		f.Tag = reflect.StructTag(tag)
		flag, err := d.take(1)
		if err != nil {
			return nil, err
		}
		f.Anonymous = flag[0] == 1
		var w reflect.Type
		if want != nil {
			w = want.Field(i).Type
		}
		if f.Type, _, err = d.typeOf(w, depth+1); err != nil {
			return nil, err
		}
		if same {
			g := want.Field(i)
			same = g.Name == f.Name && g.PkgPath == f.PkgPath && g.Type == f.Type && g.Tag == f.Tag && g.Anonymous == f.Anonymous
		}
	}
	if same {
		return want, nil
	}
	return reflect.StructOf(fields), nil // its panics are errors of Decode
}

func (d *decoder) funcType(want reflect.Type, depth int) (reflect.Type, error) {
	in, err := d.uint()
	if err != nil {
		return nil, err
	}
	out, err := d.uint()
	if err != nil {
		return nil, err
	}
	if in>>1 > 128 || out > 128 {
		return nil, malformed("function of %d parameters and %d results", in>>1, out)
	}
	read := func(n uint64, of func(int) reflect.Type, have int) ([]reflect.Type, error) {
		ts := make([]reflect.Type, n)
		for i := range ts {
			var w reflect.Type
			if i < have {
				w = of(i)
			}
			if ts[i], _, err = d.typeOf(w, depth+1); err != nil {
				return nil, err
			}
		}
		return ts, nil
	}
	var wantIn, wantOut func(int) reflect.Type
	haveIn, haveOut := 0, 0
	if want != nil {
		wantIn, wantOut, haveIn, haveOut = want.In, want.Out, want.NumIn(), want.NumOut()
	}
	ins, err := read(in>>1, wantIn, haveIn)
	if err != nil {
		return nil, err
	}
	outs, err := read(out, wantOut, haveOut)
	if err != nil {
		return nil, err
	}
	if want != nil && slices.Equal(ins, types(want.NumIn(), want.In)) && slices.Equal(outs, types(want.NumOut(), want.Out)) &&
		want.IsVariadic() == (in&1 == 1) {
		return want, nil
	}
	return reflect.FuncOf(ins, outs, in&1 == 1), nil
}

func types(n int, of func(int) reflect.Type) []reflect.Type {
	ts := make([]reflect.Type, n)
	for i := range ts {
		ts[i] = of(i)
	}
	return ts
}

// named reads a named type and finds it in this process.
func (d *decoder) named(want reflect.Type) (reflect.Type, error) {
	var s [3]string
	for i := range s {
		var err error
		if s[i], err = d.text(); err != nil {
			return nil, err
		}
	}
	mark, err := d.take(4)
	if err != nil {
		return nil, err
	}
	path, pkg, name, sum := s[0], s[1], s[2], binary.LittleEndian.Uint32(mark)
	fits := func(t reflect.Type) bool {
		return t != nil && t.Name() == name && t.PkgPath() == path && fingerprint(t) == sum
	}
	if fits(want) {
		return want, nil
	}
	if hash, ok := strings.CutPrefix(path, unit.PathPrefix); ok {
		if table := unit.Lookup(hash); table != nil && fits(table.Types[name]) {
			return table.Types[name], nil
		}
	}
	if path == "" && name == "error" {
		return errorType, nil
	}
	text := name
	if pkg != "" {
		text = pkg + "." + name
	}
	found := false
	for _, p := range typesByString("*" + text) {
		t := asType(p).Elem()
		found = found || t.Name() == name && t.PkgPath() == path
		if fits(t) {
			return t, nil
		}
	}
	if found {
		return nil, fmt.Errorf("type %s is another one here: the two programs were built from different sources", text)
	}
	return nil, fmt.Errorf("type %s (of %s) is not known here", text, path)
}

// typesByString finds the pointer, slice, … types of the program and its plugins by their text. reflect keeps it for such
// uses (go.dev/issue/67401).
//
//go:linkname typesByString reflect.typesByString
func typesByString(s string) []unsafe.Pointer

// asType makes a reflect.Type of a type word as interfaces hold it.
func asType(rtype unsafe.Pointer) reflect.Type {
	var v any
	(*[2]unsafe.Pointer)(unsafe.Pointer(&v))[0] = rtype // the value word stays nil; only the type is looked at
	return reflect.TypeOf(v)
}

var fingerprints sync.Map // reflect.Type → uint32

// fingerprint is a checksum of a type's structure, one level deep: two programs whose types of one name have the same
// fingerprint agree on how its values look.
func fingerprint(t reflect.Type) uint32 {
	if f, ok := fingerprints.Load(t); ok {
		return f.(uint32)
	}
	h := fnv.New32a()
	fmt.Fprint(h, t.Kind(), t.Size())
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			fmt.Fprint(h, f.Name, f.Offset, f.Type.String(), f.Type.PkgPath())
		}
	case reflect.Slice, reflect.Array, reflect.Pointer, reflect.Chan:
		fmt.Fprint(h, t.Elem().String(), t.Elem().PkgPath())
	case reflect.Map:
		fmt.Fprint(h, t.Key().String(), t.Elem().String())
	}
	fingerprints.Store(t, h.Sum32())
	return h.Sum32()
}
