package display

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// A longer slice is elided: front ends freeze on outputs of many megabytes, and nobody reads them.
	maxElements = 10_000
	// How many elements of an elided slice are shown at either end.
	shownElements = 20
	// A longer text is cut, for the same reason, to its first and last bytes.
	maxText   = 1 << 20
	shownText = 10_000
)

// Text returns v as text/plain only: what fmt prints for it, even if v has richer representations.
func Text(v any) Bundle { return Bundle{MIMEText: text(v)} }

// text is what is shown of v, cut where nobody would read on.
func text(v any) string { return cut(whole(v)) }

// cut shortens a text of more than maxText bytes.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	begin, end := strings.ToValidUTF8(s[:shownText], ""), strings.ToValidUTF8(s[len(s)-shownText:], "")
	return fmt.Sprintf("%s\n… (%d bytes in all; display.Page or a file shows the rest) …\n%s", begin, len(s), end)
}

func whole(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if v == nil {
		return "<nil>"
	}
	r := reflect.ValueOf(v)
	if s, ok := spoken(r); ok {
		return s
	}
	if s, ok := elided(r); ok {
		return s
	}
	if s, ok := mixed(r); ok {
		return s
	}
	return fmt.Sprintf(verb(reflect.TypeOf(v)), v)
}

// mixed is the text of a slice or array of interfaces, whose elements may need different verbs.
func mixed(v reflect.Value) (string, bool) {
	if k := v.Kind(); k != reflect.Slice && k != reflect.Array || v.Type().Elem().Kind() != reflect.Interface {
		return "", false
	}
	switch v.Interface().(type) {
	case fmt.Formatter, fmt.Stringer, error:
		return "", false
	}
	parts := make([]string, v.Len())
	for i := range parts {
		e := v.Index(i)
		if e.IsNil() {
			parts[i] = "<nil>"
			continue
		}
		parts[i] = fmt.Sprintf(verb(e.Elem().Type()), e.Interface())
	}
	return "[" + strings.Join(parts, " ") + "]", true
}

// spoken is the text of the values that fmt prints as numbers which tell a reader nothing: the type of a function, and the text
// in bytes, such as encoding/json and os.ReadFile return them.
func spoken(v reflect.Value) (string, bool) {
	switch v.Interface().(type) {
	case fmt.Formatter, fmt.Stringer, error:
		return "", false
	}
	switch {
	case v.Kind() == reflect.Func && v.IsNil():
		return v.Type().String() + "(nil)", true
	case v.Kind() == reflect.Func:
		return v.Type().String(), true
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 && isText(v.Bytes()):
		return string(v.Bytes()), true
	}
	return "", false
}

// isText reports whether b is readable UTF-8.
func isText(b []byte) bool {
	if len(b) == 0 || !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
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
