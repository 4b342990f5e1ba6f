package codec

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/gopar-project/gopar/internal/unit"
)

const (
	// RawSize is the number of bytes from which the memory of a numeric slice travels as a frame of its own, uncopied: a
	// frame costs about as much as copying this much.
	RawSize = 1 << 10
	// rawString is the same for strings, which are copied once more where they arrive.
	rawString = 64 << 10
	// maxRaw bounds the frames of one message; what is beyond is copied into the first frame.
	maxRaw = 1 << 10
	// maxDepth bounds the nesting of values: a linked list of this many elements still fits the stack.
	maxDepth = 100_000

	magic       = 'g'
	formVersion = 1
)

// layout is the byte that says how plain memory looks: its order and word size.
var layout = func() byte {
	b := byte(unsafe.Sizeof(uintptr(0)))
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		b |= 0x80
	}
	return b
}()

// Encode returns the frames of values, each with its type. The names are used in errors ("args[1]"); there is one for
// each value. Raw frames alias the values' memory.
func Encode(values []reflect.Value, names []string) ([][]byte, error) {
	frames, _, err := encode(values, names)
	return frames, err
}

// encode is Encode that also tells which units' types are in the values.
func encode(values []reflect.Value, names []string) (frames [][]byte, units []string, err error) {
	e := &encoder{buf: make([]byte, 0, 128)}
	e.buf = append(e.buf, magic, formVersion, layout)
	e.uint(uint64(len(values)))
	for i, v := range values {
		if err := e.value(v); err != nil {
			return nil, nil, within(err, names[i])
		}
	}
	return append([][]byte{e.buf}, e.frames...), e.units, nil
}

type encoder struct {
	buf    []byte
	frames [][]byte
	types  map[reflect.Type]uint64
	seen   objects
	units  []string
	depth  int
	inline bool // no frames: all goes into buf
	errors int  // how many errors deep
}

// rawOK reports whether another frame may be added.
func (e *encoder) rawOK() bool { return !e.inline && len(e.frames) < maxRaw }

func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }

func (e *encoder) string(s string) {
	if len(s) >= rawString && e.rawOK() {
		e.uint(uint64(len(s))<<1 | 1)
		e.frames = append(e.frames, unsafe.Slice(unsafe.StringData(s), len(s)))
		return
	}
	e.uint(uint64(len(s)) << 1)
	e.buf = append(e.buf, s...)
}

func (e *encoder) elements(p *plan, at unsafe.Pointer, n int) error {
	if p.size == 0 { // nothing but its type
		return nil
	}
	for i := range n {
		if err := p.encode(e, unsafe.Add(at, uintptr(i)*p.size)); err != nil {
			return within(err, fmt.Sprintf("[%d]", i))
		}
	}
	return nil
}

func (e *encoder) enter() error {
	if e.depth++; e.depth > maxDepth {
		return fmt.Errorf("value is nested more than %d deep", maxDepth)
	}
	return nil
}

func (e *encoder) leave() { e.depth-- }

// value writes what is in an interface: nil, an error, or a value with its type.
func (e *encoder) value(v reflect.Value) error {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.IsValid() && v.Type() == literalType {
		return e.literal(v.Interface().(*Literal))
	}
	if v.IsValid() && v.Type().Implements(errorType) && !isNil(v) {
		return e.errorValue(v)
	}
	return e.dynamic(v)
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.Interface, reflect.UnsafePointer:
		return v.IsNil()
	}
	return false
}

// dynamic writes v's type and v. An invalid v is nil.
func (e *encoder) dynamic(v reflect.Value) error {
	if !v.IsValid() {
		e.uint(typeNil)
		return nil
	}
	t := v.Type()
	p := planFor(t)
	if err := e.typeOf(t); err != nil {
		return err
	}
	box := reflect.New(t)
	box.Elem().Set(v)
	return p.encode(e, box.UnsafePointer())
}

// addUnit notes that a type of the unit with package path path travels.
func (e *encoder) addUnit(path string) {
	hash, ok := strings.CutPrefix(path, unit.PathPrefix)
	if !ok {
		return
	}
	for _, u := range e.units {
		if u == hash {
			return
		}
	}
	e.units = append(e.units, hash)
}

// How a reference (pointer, map, slice with references in it) starts.
const (
	refNil    = iota
	refKnown  // + id: the same object again
	refInside // + id, byte offset (and length, for slices): a part of an object that came before
	refNew    // + content
)

func planPointer(p *plan) {
	elem := build(p.t.Elem())
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		to := *(*unsafe.Pointer)(at)
		if to == nil {
			e.uint(refNil)
			return nil
		}
		if elem.why != "" {
			return &Refusal{Type: p.t, Why: elem.why}
		}
		if done, err := e.reference(to, elem.size, p.t, -1); done || err != nil {
			return err
		}
		if err := e.enter(); err != nil {
			return err
		}
		defer e.leave()
		return elem.enc(e, to)
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error {
		return d.reference(p.t, at, func() error {
			if elem.why != "" {
				return malformed("a %v cannot travel", p.t)
			}
			if err := d.charge(uint64(elem.size)); err != nil {
				return err
			}
			v := reflect.New(elem.t)
			d.known = append(d.known, v.Convert(p.t))
			*(*unsafe.Pointer)(at) = v.UnsafePointer()
			return elem.dec(d, v.UnsafePointer())
		})
	}
}

func planSlice(p *plan) {
	elem := build(p.t.Elem())
	if elem.plain {
		planPlainSlice(p, elem)
		return
	}
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		s := (*sliceHeader)(at)
		if s.data == nil {
			e.uint(refNil)
			return nil
		}
		if done, err := e.reference(s.data, uintptr(s.len)*elem.size, p.t, s.len); done || err != nil {
			return err
		}
		if err := e.enter(); err != nil {
			return err
		}
		defer e.leave()
		e.uint(uint64(s.len))
		return e.elements(elem, s.data, s.len)
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error {
		return d.reference(p.t, at, func() error {
			n, err := d.length(elem.size)
			if err != nil {
				return err
			}
			v := reflect.MakeSlice(p.t, n, n)
			d.known = append(d.known, v)
			reflect.NewAt(p.t, at).Elem().Set(v)
			return d.elements(elem, v.UnsafePointer(), n)
		})
	}
}

// planPlainSlice copies memory: into the first frame, or as a frame of its own.
func planPlainSlice(p, elem *plan) {
	size := elem.size
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		s := (*sliceHeader)(at)
		if s.data == nil {
			e.uint(0)
			return nil
		}
		bytes := unsafe.Slice((*byte)(s.data), uintptr(s.len)*size)
		if len(bytes) >= RawSize && e.rawOK() {
			e.uint(uint64(s.len)<<1 + 2)
			e.frames = append(e.frames, bytes)
			return nil
		}
		e.uint(uint64(s.len)<<1 + 1)
		e.buf = append(e.buf, bytes...)
		return nil
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error {
		h, err := d.uint()
		if err != nil || h == 0 {
			return err
		}
		n, raw := (h-1)>>1, (h-1)&1 == 1
		if n > maxLength {
			return malformed("slice of %d elements", n)
		}
		b, err := d.memory(n*uint64(size), raw)
		if err != nil {
			return err
		}
		if raw && len(b) >= takeOver && uintptr(unsafe.Pointer(unsafe.SliceData(b)))%uintptr(p.t.Elem().Align()) == 0 {
			v := reflect.SliceAt(p.t.Elem(), unsafe.Pointer(unsafe.SliceData(b)), int(n))
			reflect.NewAt(p.t, at).Elem().Set(v.Convert(p.t))
			return nil
		}
		v := reflect.MakeSlice(p.t, int(n), int(n))
		copy(unsafe.Slice((*byte)(v.UnsafePointer()), len(b)), b)
		reflect.NewAt(p.t, at).Elem().Set(v)
		return nil
	}
}

// takeOver is the size from which a slice takes the memory of its frame over instead of copying it. A smaller frame may be
// part of a message's buffer, which a slice must not keep alive.
const takeOver = 64 << 10

func planMap(p *plan) {
	key, elem := build(p.t.Key()), build(p.t.Elem())
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		m := reflect.NewAt(p.t, at).Elem()
		if m.IsNil() {
			e.uint(refNil)
			return nil
		}
		if done, err := e.reference(m.UnsafePointer(), 0, p.t, -1); done || err != nil {
			return err
		}
		if err := e.enter(); err != nil {
			return err
		}
		defer e.leave()
		e.uint(uint64(m.Len()))
		for i := m.MapRange(); i.Next(); {
			// New boxes for each entry: references remember addresses.
			k, v := reflect.New(key.t), reflect.New(elem.t)
			k.Elem().SetIterKey(i)
			v.Elem().SetIterValue(i)
			if err := key.encode(e, k.UnsafePointer()); err != nil {
				return within(err, " key")
			}
			if err := elem.encode(e, v.UnsafePointer()); err != nil {
				return within(err, fmt.Sprintf("[%s]", keyText(k.Elem())))
			}
		}
		return nil
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error {
		return d.reference(p.t, at, func() error {
			n, err := d.length(key.size + elem.size + 16) // 16: what a map needs besides, about
			if err != nil {
				return err
			}
			m := reflect.MakeMapWithSize(p.t, min(n, 1<<16))
			d.known = append(d.known, m)
			reflect.NewAt(p.t, at).Elem().Set(m)
			for range n {
				k, v := reflect.New(key.t), reflect.New(elem.t)
				if err := key.decode(d, k.UnsafePointer()); err != nil {
					return within(err, " key")
				}
				if err := elem.decode(d, v.UnsafePointer()); err != nil {
					return within(err, fmt.Sprintf("[%s]", keyText(k.Elem())))
				}
				if !k.Elem().Comparable() {
					return malformed("map key of type %v", k.Elem().Type())
				}
				m.SetMapIndex(k.Elem(), v.Elem())
			}
			return nil
		})
	}
}

// keyText is a map key as it stands in a path.
func keyText(k reflect.Value) string {
	for k.Kind() == reflect.Interface && !k.IsNil() {
		k = k.Elem()
	}
	switch k.Kind() {
	case reflect.String:
		if k.Len() > 40 {
			return fmt.Sprintf("%q…", k.String()[:40])
		}
		return fmt.Sprintf("%q", k.String())
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return fmt.Sprint(k.Interface())
	}
	return k.Type().String()
}

var errorType = reflect.TypeFor[error]()

func planInterface(p *plan) {
	p.enc = func(e *encoder, at unsafe.Pointer) error {
		if err := e.enter(); err != nil {
			return err
		}
		defer e.leave()
		return e.value(reflect.NewAt(p.t, at).Elem())
	}
	p.dec = func(d *decoder, at unsafe.Pointer) error {
		if err := d.enter(); err != nil {
			return err
		}
		defer d.leave()
		v, err := d.dynamic(nil)
		if err != nil || !v.IsValid() {
			return err
		}
		if !v.Type().AssignableTo(p.t) {
			return malformed("a %v is no %v", v.Type(), p.t)
		}
		reflect.NewAt(p.t, at).Elem().Set(v)
		return nil
	}
}

type sliceHeader struct {
	data unsafe.Pointer
	len  int
	cap  int
}

func (e *encoder) int(n int64) { e.buf = binary.AppendVarint(e.buf, n) }
