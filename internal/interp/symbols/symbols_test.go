package symbols

import (
	"reflect"
	"testing"
)

func TestOnlyFunctionsAreInTheTables(t *testing.T) {
	for path, p := range packages() {
		for name, f := range p.Funcs {
			if f.Kind() != reflect.Func || f.IsNil() {
				t.Errorf("%s.%s is a %v", path, name, f.Kind())
			}
		}
	}
	for path, name := range map[string]string{"fmt": "fmt", "math/rand/v2": "rand", "encoding/json": "json"} {
		if p, ok := Lookup(path); !ok || p.Name != name {
			t.Errorf("%s: %v %v", path, p.Name, ok)
		}
	}
}
