// Package interp runs straight-line scripts — calls, assignments, expressions over values that were compiled natively — in
// less than a millisecond, where building a unit takes a fifth of a second.
//
// It is not a Go evaluator: a script uses only the constructs listed in Proven, each of which a test has shown to behave as
// compiled Go does. Anything else is for a unit. It is the only importer of yaegi.
//
// Invariants: every script has an interpreter of its own, so nothing a script names survives it except through Def and the
// session's variables, which live in package unit, and nothing grows with the number of scripts; scripts do not see yaegi's
// replacements of standard library functions.
package interp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"

	"github.com/traefik/yaegi/interp"

	"github.com/gopar-project/gopar/internal/interp/symbols"
	"github.com/gopar-project/gopar/internal/unit"
)

// Script is a straight-line cell as the front end lowers it.
type Script struct {
	// Imports are the import paths of the host packages Body uses, by their own names ("fmt").
	Imports []string
	// Symbols are the things of the session that Body uses under generated names.
	Symbols []Symbol
	// Body is Go statements. Besides Imports and Symbols they can use Show and ShowResults, which hand over the values of the
	// last expression as those of package unit do, and Def("x|int", v) and DefError("err|error", v), which give a session
	// variable a value.
	Body string
	// File and Line say where in its cell the script begins, as compiled code would know it.
	File string
	Line int
	// Then is run afterwards, nil for nothing: what uses a variable that Body makes is a script of its own, because a symbol is
	// looked up before its script runs.
	Then *Script
}

// Symbol is one thing of the session a script uses.
type Symbol struct {
	// Name is the identifier Body uses. It is exported.
	Name string
	// Kind is "var" (Name is a pointer to the variable's box) or "func".
	Kind string
	// Var is the session variable's id ("x|int"), for kind var.
	Var string
	// Unit and Symbol name the declaring unit and the name in it, for kind func.
	Unit, Symbol string
}

// Known tells whether scripts can call a function of a host package.
func Known(importPath, name string) bool { return symbols.Known(importPath, name) }

// A Panic is what a script, or compiled code it called, panicked with.
type Panic struct {
	// Value is what recover returned.
	Value any
	// Callers is the stack at the panic, innermost first.
	Callers []uintptr
	// At is where the script's statement stands in its cell.
	At unit.Position
}

// Error implements error.
func (p *Panic) Error() string { return fmt.Sprint("panic: ", p.Value) }

// Run executes s in the calling goroutine and returns when it has ended; an interrupt reaches it through the compiled code it
// calls and, when ctx has ended, before its next statement. A panic is returned as a *Panic. Scripts may run concurrently.
func Run(ctx context.Context, s *Script) error {
	defer unit.At(unit.Position{})
	for ; s != nil; s = s.Then {
		if ctx.Err() != nil {
			return unit.ErrInterrupted
		}
		unit.At(unit.Position{File: s.File, Line: s.Line})
		if err := s.run(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Script) run() error {
	i := interp.New(interp.Options{Stdout: io.Discard, Stderr: io.Discard})
	src, err := s.prepare(i)
	if err != nil {
		return err
	}
	prog, err := compile(i, src)
	if err != nil {
		return fmt.Errorf("interpret: %w", err)
	}
	_, err = i.Execute(prog)
	var p interp.Panic
	if errors.As(err, &p) {
		return &Panic{Value: translate(p.Value, p.Callers), Callers: p.Callers, At: unit.Here()}
	}
	return err
}

// compile is Compile without its panics.
func compile(i *interp.Interpreter, src string) (p *interp.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return i.Compile(src)
}

// prepare gives i the symbols of s and returns its source: one function, so that nothing is global.
func (s *Script) prepare(i *interp.Interpreter) (string, error) {
	session := map[string]reflect.Value{
		"Show":        reflect.ValueOf(unit.Show),
		"ShowResults": reflect.ValueOf(unit.ShowResults),
		"Def":         reflect.ValueOf(def),
		"DefError":    reflect.ValueOf(defError),
		"Index":       reflect.ValueOf(index), // these two: see guard
		"Bounds":      reflect.ValueOf(bounds),
	}
	for _, sym := range s.Symbols {
		v, err := sym.value()
		if err != nil {
			return "", err
		}
		session[sym.Name] = v
	}
	exports := interp.Exports{"session/session": session}
	var src strings.Builder
	src.WriteString("package main\nimport . \"session\"\n")
	for n, path := range s.Imports {
		p, ok := symbols.Lookup(path)
		if !ok {
			return "", fmt.Errorf("interpret: package %s is not in the tables", path)
		}
		// Under its own path, yaegi would replace some of its functions.
		exports[fmt.Sprintf("host%d/%s", n, p.Name)] = p.Funcs
		fmt.Fprintf(&src, "import %s \"host%d\"\n", p.Name, n)
	}
	if err := i.Use(exports); err != nil {
		return "", fmt.Errorf("interpret: %w", err)
	}
	body, err := guard(s.Body, func(name string) bool {
		v, ok := session[name]
		return ok && v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Map
	})
	if err != nil {
		return "", err
	}
	src.WriteString("func main() {\n" + body + "\n}\n")
	return src.String(), nil
}

func (s Symbol) value() (reflect.Value, error) {
	switch s.Kind {
	case "var":
		if v, ok := unit.Value(s.Var); ok {
			return v, nil
		}
		return reflect.Value{}, fmt.Errorf("the session variable %s has no value", s.Var)
	case "func":
		if t := unit.Lookup(s.Unit); t != nil {
			if f, ok := t.Funcs[s.Symbol]; ok {
				return reflect.ValueOf(f), nil
			}
		}
		return reflect.Value{}, fmt.Errorf("function %s of unit %s is not loaded", s.Symbol, s.Unit)
	}
	return reflect.Value{}, fmt.Errorf("interpret: symbol %s of unknown kind %q", s.Name, s.Kind)
}

// def gives a session variable a value of its own type. The variable may not exist.
func def(id string, v any) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		panic(fmt.Errorf("interpret: untyped nil for variable %s", id)) // lowering's mistake; only errors may be nil
	}
	if err := unit.Define(id, rv); err != nil {
		panic(err)
	}
}

// defError is def for variables of type error.
func defError(id string, v error) {
	box := reflect.New(reflect.TypeFor[error]()).Elem()
	if v != nil {
		box.Set(reflect.ValueOf(v))
	}
	if err := unit.Define(id, box); err != nil {
		panic(err)
	}
}

// translate turns what reflection says when the script itself, not compiled code, did something impossible into what Go says.
func translate(v any, callers []uintptr) any {
	if !scriptPanicked(callers) {
		return v
	}
	switch v := v.(type) {
	case *reflect.ValueError:
		return nilDereference()
	case string:
		switch {
		case strings.Contains(v, "out of range"):
			return outOfRange{}
		case strings.HasPrefix(v, "reflect") && strings.Contains(v, "nil"):
			return nilDereference()
		}
	}
	return v
}

// outOfRange is an index error whose numbers are not known, see guard.
type outOfRange struct{}

func (outOfRange) Error() string { return "runtime error: index out of range" }

// RuntimeError makes it a runtime.Error.
func (outOfRange) RuntimeError() {}

// nilDereference returns the runtime's own error.
func nilDereference() (err any) {
	defer func() { err = recover() }()
	var p *int
	return *p
}

// scriptPanicked tells whether the innermost frame that is not of runtime or reflect is the interpreter's.
func scriptPanicked(callers []uintptr) bool {
	frames := runtime.CallersFrames(callers)
	panicked := 0
	innermost := ""
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicked++
			innermost = ""
		case innermost == "" && !strings.HasPrefix(f.Function, "runtime.") && !strings.HasPrefix(f.Function, "reflect."):
			innermost = f.Function
		}
		if !more {
			break
		}
	}
	return panicked > 0 && strings.HasPrefix(innermost, "github.com/traefik/yaegi/")
}
