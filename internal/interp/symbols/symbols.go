// Package symbols holds the functions of host packages that interpreted scripts can call: yaegi's tables of the standard
// library and tables of gopar's own public packages.
//
// It is not an interpreter. Only functions are in it: variables and constants a script uses are lowered otherwise, and functions
// with type parameters cannot be held in a table.
package symbols

import (
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/traefik/yaegi/stdlib"
)

// Package is one host package: its functions by name. It must not be changed.
type Package struct {
	// Name is what the package calls itself.
	Name string
	// Funcs are its functions without type parameters.
	Funcs map[string]reflect.Value
}

var packages = sync.OnceValue(func() map[string]Package {
	all := maps.Clone(own)
	for key, syms := range stdlib.Symbols { // "math/rand/v2/rand": import path, then name
		p := Package{Name: path.Base(key), Funcs: map[string]reflect.Value{}}
		maps.Copy(p.Funcs, syms)
		maps.DeleteFunc(p.Funcs, func(_ string, v reflect.Value) bool { return v.Kind() != reflect.Func || v.CanAddr() })
		all[path.Dir(key)] = p
	}
	for p, names := range replaced { // yaegi puts others in their place, which end the script instead of the process
		for _, n := range names {
			delete(all[p].Funcs, n)
		}
	}
	return all
})

// replaced are the functions that yaegi's tables do not hold themselves.
var replaced = map[string][]string{
	"os":  {"Exit", "FindProcess"},
	"log": {"Fatal", "Fatalf", "Fatalln", "New"},
}

// Lookup returns the host package with an import path, and whether there is one.
func Lookup(importPath string) (Package, bool) {
	p, ok := packages()[importPath]
	return p, ok
}

// Known tells whether scripts can call a function of a host package.
func Known(importPath, name string) bool {
	p, ok := Lookup(importPath)
	if !ok {
		return false
	}
	_, ok = p.Funcs[name]
	return ok
}

// Symbol returns a function, a variable (addressable), or a type (a nil pointer to it) of a package of the standard library.
func Symbol(importPath, name string) (reflect.Value, bool) {
	if slices.Contains(replaced[importPath], name) {
		return reflect.Value{}, false
	}
	v, ok := stdlib.Symbols[importPath+"/"+path.Base(importPath)][name]
	if !ok && importPath == "math/rand/v2" {
		v, ok = stdlib.Symbols[importPath+"/rand"][name]
	}
	return v, ok
}

// Std lists the packages of the standard library that there are tables of.
func Std() []string {
	var all []string
	for key := range stdlib.Symbols {
		if p := path.Dir(key); p != "." && !strings.HasPrefix(p, "github.com/") {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
