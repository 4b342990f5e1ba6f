package codec

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"runtime"
	"unsafe"
)

// Decode reads the values of frames. A value whose description matches want's type of the same index gets exactly that
// type; want may be shorter, and its elements nil. Large numeric slices take
// their frames over, which must not change or be decoded again afterwards; other values share no memory with them. An encoded nil is the invalid
// Value.
func Decode(frames [][]byte, want ...reflect.Type) ([]reflect.Value, error) {
	return decode(frames, func(i int, _ []reflect.Value) reflect.Type {
		if i < len(want) {
			return want[i]
		}
		return nil
	})
}

// decode is Decode with the wanted type of value i asked for when those before it are known.
func decode(frames [][]byte, want func(i int, before []reflect.Value) reflect.Type) (values []reflect.Value, err error) {
	if len(frames) == 0 {
		return nil, malformed("no frames")
	}
	defer func() {
		// reflect panics for what the checks here do not foresee, a foreign UnmarshalBinary for anything.
		if r := recover(); r != nil {
			if re, ok := r.(runtime.Error); ok {
				err = malformed("%v", re)
			} else {
				err = malformed("%v", r)
			}
			values = nil
		}
	}()
	d := newDecoder(frames[0], frames[1:])
	head, err := d.take(3)
	if err != nil {
		return nil, err
	}
	if head[0] != magic || head[1] != formVersion {
		return nil, malformed("it starts with % x", head)
	}
	if head[2] != layout {
		return nil, malformed("it comes from a machine with another byte order or word size")
	}
	n, err := d.uint()
	if err != nil {
		return nil, err
	}
	if n > maxArgs || n > uint64(len(d.buf)-d.off) {
		return nil, malformed("%d values", n)
	}
	values = make([]reflect.Value, n)
	for i := range values {
		if values[i], err = d.dynamic(want(i, values[:i])); err != nil {
			return nil, within(err, pathOf(i))
		}
	}
	if d.off != len(d.buf) || len(d.frames) > 0 {
		return nil, malformed("%d bytes and %d frames too many", len(d.buf)-d.off, len(d.frames))
	}
	return values, nil
}

type decoder struct {
	buf    []byte
	off    int
	frames [][]byte
	budget uint64 // bytes that may still be allocated
	types  []reflect.Type
	known  []reflect.Value // objects by id
	depth  int
}

// newDecoder allows allocations in proportion to the input: a nil slice takes one byte there and 24 here.
func newDecoder(buf []byte, frames [][]byte) *decoder {
	total := uint64(len(buf))
	for _, f := range frames {
		total += uint64(len(f))
	}
	return &decoder{buf: buf, frames: frames, budget: 64<<10 + 128*total}
}

func (d *decoder) take(n uint64) ([]byte, error) {
	if n > uint64(len(d.buf)-d.off) {
		return nil, malformed("%d bytes wanted, %d left", n, len(d.buf)-d.off)
	}
	b := d.buf[d.off : d.off+int(n)]
	d.off += int(n)
	return b, nil
}

func (d *decoder) uint() (uint64, error) {
	n, size := binary.Uvarint(d.buf[d.off:])
	if size <= 0 {
		return 0, malformed("bad number")
	}
	d.off += size
	return n, nil
}

// length reads a number of elements of size bytes each in memory, of which each takes at least a byte of input unless
// it has no size, and charges for them.
func (d *decoder) length(size uintptr) (int, error) {
	n, err := d.uint()
	if err != nil {
		return 0, err
	}
	if n > maxLength || size > 0 && n > uint64(len(d.buf)-d.off) {
		return 0, malformed("%d elements in %d bytes", n, len(d.buf)-d.off)
	}
	return int(n), d.charge(n * uint64(size))
}

func (d *decoder) charge(n uint64) error {
	if n > d.budget {
		return malformed("it would need more memory than its size allows")
	}
	d.budget -= n
	return nil
}

// memory returns n bytes: the next frame, or inline ones.
func (d *decoder) memory(n uint64, raw bool) ([]byte, error) {
	if !raw {
		return d.take(n)
	}
	if len(d.frames) == 0 {
		return nil, malformed("a frame is missing")
	}
	f := d.frames[0]
	d.frames = d.frames[1:]
	if uint64(len(f)) != n {
		return nil, malformed("a frame has %d bytes, want %d", len(f), n)
	}
	return f, nil
}

func (d *decoder) string() (string, error) {
	n, err := d.uint()
	if err != nil {
		return "", err
	}
	b, err := d.memory(n>>1, n&1 == 1)
	return string(b), err
}

func (d *decoder) elements(p *plan, at unsafe.Pointer, n int) error {
	if p.size == 0 {
		return nil
	}
	for i := range n {
		if err := p.decode(d, unsafe.Add(at, uintptr(i)*p.size)); err != nil {
			return within(err, fmt.Sprintf("[%d]", i))
		}
	}
	return nil
}

func (d *decoder) enter() error {
	if d.depth++; d.depth > maxDepth {
		return malformed("it is nested more than %d deep", maxDepth)
	}
	return nil
}

func (d *decoder) leave() { d.depth-- }

// dynamic reads a type and a value of it; the invalid Value for nil.
func (d *decoder) dynamic(want reflect.Type) (reflect.Value, error) {
	t, special, err := d.typeOf(want, 0)
	if err != nil {
		return reflect.Value{}, err
	}
	switch special {
	case typeNil:
		return reflect.Value{}, nil
	case typeError:
		return d.errorValue()
	}
	if err := d.charge(uint64(t.Size())); err != nil {
		return reflect.Value{}, err
	}
	v := reflect.New(t)
	if err := planFor(t).decode(d, v.UnsafePointer()); err != nil {
		return reflect.Value{}, err
	}
	return v.Elem(), nil
}

func (d *decoder) int() (int64, error) {
	n, size := binary.Varint(d.buf[d.off:])
	if size <= 0 {
		return 0, malformed("bad number")
	}
	d.off += size
	return n, nil
}
