package codec

import (
	"fmt"
	"reflect"
	"unsafe"
)

// objects remembers which memory was already encoded, so that sharing and cycles are kept, also through pointers to
// a part of an object (a field's address, an element's, a sub-slice).
type objects struct {
	n       uint64
	exact   map[objectKey]uint64
	buckets map[uintptr][]object // by address / bucketSize; an object is in each bucket it touches
}

type objectKey struct {
	at  unsafe.Pointer
	t   reflect.Type
	len int // of a slice; -1 otherwise
}

type object struct {
	from, to uintptr
	id       uint64
	t        reflect.Type
}

// bucketSize trades entries for large objects against objects to look at for small ones.
const bucketSize = 1 << 10

// reference writes how the object of size bytes at at is referred to by a t; done says that nothing has to follow. len is
// a slice's length, -1 for pointers and maps.
func (e *encoder) reference(at unsafe.Pointer, size uintptr, t reflect.Type, length int) (done bool, err error) {
	o := &e.seen
	key := objectKey{at, t, length}
	if id, ok := o.exact[key]; ok {
		e.uint(refKnown)
		e.uint(id)
		return true, nil
	}
	from, to := uintptr(at), uintptr(at)+size
	for b := from / bucketSize; size > 0 && b <= (to-1)/bucketSize; b++ {
		for _, other := range o.buckets[b] {
			if other.to <= from || to <= other.from {
				continue
			}
			if other.from <= from && to <= other.to && inside(other.t, from-other.from, t, length) {
				e.uint(refInside)
				e.uint(other.id)
				e.uint(uint64(from - other.from))
				if length >= 0 {
					e.uint(uint64(length))
				}
				return true, nil
			}
			// Overlapping slices become separate ones, as numeric slices always do; a pointer must not lose what it points to.
			if from <= other.from && other.to <= to && other.t.Kind() == reflect.Pointer {
				return false, &Refusal{Type: t, Why: "a pointer to a part of it travels too, and comes first"}
			}
		}
	}
	if o.exact == nil {
		o.exact, o.buckets = map[objectKey]uint64{}, map[uintptr][]object{}
	}
	id := o.n
	o.n++
	o.exact[key] = id
	for b := from / bucketSize; size > 0 && b <= (to-1)/bucketSize; b++ {
		o.buckets[b] = append(o.buckets[b], object{from, to, id, t})
	}
	e.uint(refNew)
	return false, nil
}

// inside reports whether what a reference of type t (a slice of length elements, or a pointer) refers to can be at offset
// bytes into what one of type outer refers to.
func inside(outer reflect.Type, offset uintptr, t reflect.Type, length int) bool {
	switch outer.Kind() {
	case reflect.Slice:
		size := outer.Elem().Size()
		if length >= 0 {
			return outer.Elem() == t.Elem() && offset%size == 0
		}
		return hasAt(outer.Elem(), offset%size, t.Elem())
	case reflect.Pointer:
		return length < 0 && hasAt(outer.Elem(), offset, t.Elem())
	}
	return false
}

// hasAt reports whether a value of type want lies at offset in a value of type t.
func hasAt(t reflect.Type, offset uintptr, want reflect.Type) bool {
	for {
		if t == want && offset == 0 {
			return true
		}
		switch t.Kind() {
		case reflect.Array:
			if size := t.Elem().Size(); size > 0 && offset < t.Size() {
				t, offset = t.Elem(), offset%size
				continue
			}
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				if f.Offset <= offset && offset < f.Offset+f.Type.Size() {
					return hasAt(f.Type, offset-f.Offset, want)
				}
			}
		}
		return false
	}
}

// reference reads a reference of type t into at; fresh reads what follows a new one and appends it to known.
func (d *decoder) reference(t reflect.Type, at unsafe.Pointer, fresh func() error) error {
	how, err := d.uint()
	if err != nil {
		return err
	}
	switch how {
	case refNil:
		return nil
	case refNew:
		if err := d.enter(); err != nil {
			return err
		}
		defer d.leave()
		return fresh()
	case refKnown:
		v, err := d.object()
		if err != nil {
			return err
		}
		if v.Type() != t {
			return malformed("a %v refers to a %v", t, v.Type())
		}
		reflect.NewAt(t, at).Elem().Set(v)
		return nil
	case refInside:
		return d.inside(t, at)
	}
	return malformed("reference kind %d", how)
}

// object reads an id and returns the object.
func (d *decoder) object() (reflect.Value, error) {
	id, err := d.uint()
	if err != nil {
		return reflect.Value{}, err
	}
	if id >= uint64(len(d.known)) {
		return reflect.Value{}, malformed("reference to object %d of %d", id, len(d.known))
	}
	return d.known[id], nil
}

// inside reads a reference to a part of an object into at.
func (d *decoder) inside(t reflect.Type, at unsafe.Pointer) error {
	v, err := d.object()
	if err != nil {
		return err
	}
	offset, err := d.uint()
	if err != nil {
		return err
	}
	length, total := -1, uint64(0)
	switch v.Kind() {
	case reflect.Slice:
		total = uint64(v.Len()) * uint64(v.Type().Elem().Size())
	case reflect.Pointer:
		total = uint64(v.Type().Elem().Size())
	}
	need := uint64(0)
	if t.Kind() == reflect.Slice {
		n, err := d.uint()
		if err != nil {
			return err
		}
		if n > maxLength {
			return malformed("slice of %d elements", n)
		}
		length, need = int(n), n*uint64(t.Elem().Size())
	} else {
		need = uint64(t.Elem().Size())
	}
	if offset >= total || need > total-offset || !inside(v.Type(), uintptr(offset), t, length) {
		return malformed("a %v at byte %d of a %v", t, offset, v.Type())
	}
	part := unsafe.Add(v.UnsafePointer(), offset)
	if length < 0 {
		*(*unsafe.Pointer)(at) = part
		return nil
	}
	*(*sliceHeader)(at) = sliceHeader{part, length, length}
	return nil
}

// pathOf names argument i in errors.
func pathOf(i int) string { return fmt.Sprintf("args[%d]", i) }
