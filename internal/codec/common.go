package codec

import (
	"reflect"
	"time"
	"unsafe"
)

// A type without a name that reflect makes while decoding, before any loaded unit has it, is another one than that of a unit
// that is loaded later, though they look the same: the runtime unifies only the types of its modules. Two things keep
// users from meeting this: decoding prefers the types that are asked for, and the common types are part of this program, so
// that all units share them.

// Making them once makes the linker keep them.
var _ = [][]reflect.Type{
	common[bool](), common[int](), common[int8](), common[int16](), common[int32](), common[int64](), common[uint](), common[uint8](),
	common[uint16](), common[uint32](), common[uint64](), common[float32](), common[float64](), common[complex64](), common[complex128](),
	common[string](), common[any](), common[error](), common[time.Time](), common[time.Duration](),
}

func common[T any]() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[*T](), reflect.TypeFor[[]T](), reflect.TypeFor[[][]T](), reflect.TypeFor[[][][]T](), reflect.TypeFor[[]*T](),
		reflect.TypeFor[map[string]T](), reflect.TypeFor[map[string][]T](), reflect.TypeFor[[]map[string]T](),
		reflect.TypeFor[map[string]map[string]T](), reflect.TypeFor[map[int]T](), reflect.TypeFor[map[int][]T](),
		reflect.TypeFor[[2]T](), reflect.TypeFor[[3]T](), reflect.TypeFor[[4]T](),
	}
}

// As returns v as a T, also when its type only looks like T because reflect made it before the unit that has T was loaded.
func As[T any](v any) (T, bool) {
	if t, ok := v.(T); ok {
		return t, true
	}
	var zero T
	r, want := reflect.ValueOf(v), reflect.TypeFor[T]()
	if !r.IsValid() || !alike(r.Type(), want) {
		return zero, false
	}
	box := reflect.New(r.Type())
	box.Elem().Set(r)
	return *(*T)(unsafe.Pointer(box.Pointer())), true
}

// alike reports whether a and b are one type but for who made it. Only slices, arrays, pointers and maps of identical types
// are; their values look the same in memory.
func alike(a, b reflect.Type) bool {
	if a == b {
		return true
	}
	if a.Kind() != b.Kind() || a.Name() != "" || b.Name() != "" {
		return false
	}
	switch a.Kind() {
	case reflect.Slice, reflect.Pointer:
		return alike(a.Elem(), b.Elem())
	case reflect.Array:
		return a.Len() == b.Len() && alike(a.Elem(), b.Elem())
	case reflect.Map:
		return a.Key() == b.Key() && alike(a.Elem(), b.Elem())
	}
	return false
}
