package display

import (
	"fmt"
	"reflect"
	"strings"
)

const (
	// A longer slice is elided: front ends freeze on outputs of many megabytes, and nobody reads them.
	maxElements = 10_000
	// How many elements of an elided slice are shown at either end.
	shownElements = 20
)

// Text returns v as text/plain only: what fmt prints for it, even if v has richer representations.
func Text(v any) Bundle { return Bundle{MIMEText: text(v)} }

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return "<nil>"
	}
	if s, ok := elided(reflect.ValueOf(v)); ok {
		return s
	}
	return fmt.Sprintf(verb(reflect.TypeOf(v)), v)
}

// elided is the text of a slice or array that is too long to be shown whole.
func elided(v reflect.Value) (string, bool) {
	if k := v.Kind(); k != reflect.Slice && k != reflect.Array || v.Len() <= maxElements {
		return "", false
	}
	switch v.Interface().(type) {
	case fmt.Formatter, fmt.Stringer, error:
		return "", false
	}
	var b strings.Builder
	b.WriteByte('[')
	element := func(i int) { b.WriteString(text(v.Index(i).Interface())) }
	for i := range shownElements {
		element(i)
		b.WriteByte(' ')
	}
	b.WriteString("…")
	for i := v.Len() - shownElements; i < v.Len(); i++ {
		b.WriteByte(' ')
		element(i)
	}
	fmt.Fprintf(&b, "] (%d elements)", v.Len())
	return b.String(), true
}

// verb is %+v for types with struct fields to name and %v for all others: a Formatter such as *big.Int would take the
// plus for a request to print a sign.
func verb(t reflect.Type) string {
	structs, formatters := false, false
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		if t.Implements(formatterType) {
			formatters = true
			return
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(t.Elem())
		case reflect.Map:
			walk(t.Key())
			walk(t.Elem())
		case reflect.Struct:
			structs = true
			for i := range t.NumField() {
				walk(t.Field(i).Type)
			}
		}
	}
	walk(t)
	if structs && !formatters {
		return "%+v"
	}
	return "%v"
}

var formatterType = reflect.TypeFor[fmt.Formatter]()

func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Chan:
		return r.IsNil()
	}
	return false
}
