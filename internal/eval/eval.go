// Package eval interprets lowered cells where they cannot be compiled: no Go toolchain, no plugins.
//
// It takes what the compiler takes — the Go source of a unit, as package cell lowers it — so that a session means the same
// either way: variables live in the same boxes, declarations and redefinitions are resolved by the same lowering, and the same
// checks interrupt a loop. Source is type-checked against type data of the standard library that is part of the binary, then
// translated into closures over values of the process's own types.
//
// It is not a Go compiler: it takes the constructs that the differential suite proves, and refuses everything else with a
// position and a reason before anything of the cell runs. What it takes behaves as compiled code does, except in time and in
// the frames of tracebacks.
//
// Invariants: Load runs nothing and allocates no variable, so the process that checks cells can call it; a unit that is refused
// leaves the loader as it was; units are immutable once loaded.
package eval

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/gopar-project/gopar/internal/unit"
)

// Unit is a lowered cell, as native.Unit has it.
type Unit struct {
	// Hash is the content address of the unit.
	Hash string
	// Source is its lowered source.
	Source []byte
}

// A Refusal says why a unit cannot be interpreted.
type Refusal struct {
	// Pos is where in the user's text.
	Pos token.Position
	// What names the construct, in the plural or as a subject of "cannot be interpreted".
	What string
}

// Error implements error.
func (r *Refusal) Error() string {
	return r.What + " cannot be interpreted; cells that use this need the Go toolchain (https://go.dev/dl) and a C compiler"
}

// Loader holds the units of a process. Its methods may be called concurrently.
type Loader struct {
	mu    sync.Mutex
	fset  *token.FileSet
	std   types.Importer
	units map[string]*pkg

	funcs    map[*types.Func]*function
	reps     map[types.Type]reflect.Type
	loops    map[*types.Named]bool
	building map[*types.Named]bool
	globals  map[types.Object]*global
}

// pkg is a loaded unit.
type pkg struct {
	types   *types.Package
	info    *types.Info
	globals []*global
	run     *function
	table   map[string]*function
	opened  bool
}

// global is a variable of a unit's package: the address of a box.
type global struct {
	id    string
	rep   reflect.Type // of the session variable
	value reflect.Value
}

// NewLoader returns a loader without units.
func NewLoader() (*Loader, error) {
	l := &Loader{
		fset: token.NewFileSet(), units: map[string]*pkg{}, funcs: map[*types.Func]*function{}, reps: map[types.Type]reflect.Type{},
		loops: map[*types.Named]bool{}, building: map[*types.Named]bool{}, globals: map[types.Object]*global{},
	}
	var err error
	if l.std, err = newImporter(l.fset); err != nil {
		return nil, err
	}
	return l, nil
}

// Import implements types.Importer.
func (l *Loader) Import(path string) (*types.Package, error) {
	if hash, ok := strings.CutPrefix(path, unit.PathPrefix); ok {
		if p := l.units[hash]; p != nil {
			return p.types, nil
		}
		return nil, fmt.Errorf("unit %s is not loaded", hash)
	}
	return l.std.Import(path)
}

func isUnit(p *types.Package) bool { return strings.HasPrefix(p.Path(), unit.PathPrefix) }

// Load checks and translates a unit, whose dependencies must have been loaded, and runs nothing. It returns a *Refusal where it
// cannot.
func (l *Loader) Load(u Unit) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.units[u.Hash] != nil {
		return nil
	}
	p, err := l.load(u)
	if err != nil {
		return err
	}
	l.units[u.Hash] = p
	return nil
}

func (l *Loader) load(u Unit) (p *pkg, err error) {
	defer func() {
		if r := recover(); r != nil {
			refusal, ok := r.(*Refusal)
			if !ok { // a defect of this package must not end the kernel
				p, err = nil, fmt.Errorf("interpret unit %s: defect of the interpreter: %v at %s", u.Hash, r, panickedAt())
				return
			}
			p, err = nil, refusal
		}
	}()
	file, err := parser.ParseFile(l.fset, "unit", u.Source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("interpret unit %s: %w", u.Hash, err)
	}
	p = &pkg{table: map[string]*function{}, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}, Instances: map[*ast.Ident]types.Instance{},
	}}
	conf := types.Config{Importer: l, Sizes: types.SizesFor("gc", "amd64")}
	if p.types, err = conf.Check(unit.PathPrefix+u.Hash, l.fset, []*ast.File{file}, p.info); err != nil {
		var te types.Error
		if errors.As(err, &te) {
			return nil, &Refusal{Pos: l.fset.Position(te.Pos), What: "what needs compiled packages (" + te.Msg + ")"}
		}
		return nil, fmt.Errorf("interpret unit %s: %w", u.Hash, err)
	}
	l.declare(p, file)
	return p, nil
}

// declare translates the declarations of a unit: first all names, then the bodies.
func (l *Loader) declare(p *pkg, file *ast.File) {
	links := linknames(file)
	var bodies []func()
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				l.vars(p, d)
			}
			if d.Tok == token.TYPE {
				for _, s := range d.Specs {
					if ts := s.(*ast.TypeSpec); ts.TypeParams != nil {
						l.refuse(ts.Pos(), "generic types")
					}
				}
			}
		case *ast.FuncDecl:
			if b := l.declareFunc(p, d, links); b != nil {
				bodies = append(bodies, b)
			}
		}
	}
	for _, b := range bodies {
		b()
	}
}

// linknames maps the functions that a unit declares without bodies to those they stand for.
func linknames(file *ast.File) map[string][2]string {
	links := map[string][2]string{}
	for _, g := range file.Comments {
		for _, c := range g.List {
			f := strings.Fields(c.Text)
			if len(f) == 3 && f[0] == "//go:linkname" {
				if hash, name, ok := strings.Cut(strings.TrimPrefix(f[2], unit.PathPrefix), "."); ok {
					links[f[1]] = [2]string{hash, name}
				}
			}
		}
	}
	return links
}

// declareFunc makes a function known and returns what translates its body.
func (l *Loader) declareFunc(p *pkg, d *ast.FuncDecl, links map[string][2]string) func() {
	name := d.Name.Name
	if d.Recv == nil && name == "init" {
		return nil // it registers the unit, which open does
	}
	if d.Type.TypeParams != nil {
		l.refuse(d.Pos(), "generic functions")
	}
	o, ok := p.info.Defs[d.Name].(*types.Func)
	if !ok {
		return nil // func _
	}
	if d.Body == nil {
		link := links[name]
		other := l.units[link[0]]
		if other == nil {
			l.refuse(d.Pos(), "functions without a body")
		}
		target, _ := other.types.Scope().Lookup(link[1]).(*types.Func)
		l.funcs[o] = l.funcs[target]
		return nil
	}
	f := &function{name: name, sig: o.Signature()}
	l.funcs[o] = f
	if d.Recv == nil {
		if name == "gopar__run" {
			p.run = f
		} else {
			p.table[name] = f
		}
	}
	return func() {
		c := &compiler{l: l, info: p.info, slots: map[types.Object]int{}, sig: o.Signature()}
		c.function(f, d.Recv, d.Type, d.Body)
	}
}

// vars declares the variables of a unit: boxes, and what only keeps imports in use.
func (l *Loader) vars(p *pkg, d *ast.GenDecl) {
	for _, s := range d.Specs {
		vs := s.(*ast.ValueSpec)
		if len(vs.Names) == 1 && vs.Names[0].Name == "_" {
			continue
		}
		if len(vs.Names) != 1 || !strings.HasPrefix(vs.Names[0].Name, "gopar__v_") {
			l.refuse(vs.Pos(), "types declared anew while variables of them live on")
		}
		var id string
		ast.Inspect(vs.Values[0], func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && len(c.Args) == 2 && id == "" {
				if v := p.info.Types[c.Args[0]].Value; v != nil {
					id = constantString(v)
				}
			}
			return true
		})
		o := p.info.Defs[vs.Names[0]]
		ptr := o.Type().Underlying().(*types.Pointer)
		g := &global{id: id, rep: l.rep(vs.Pos(), ptr.Elem())}
		l.globals[o] = g
		p.globals = append(p.globals, g)
	}
}

// Open makes a loaded unit known to the process, as opening a compiled one does: its variables are allocated, and package unit
// has it.
func (l *Loader) Open(hash string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.units[hash]
	if p == nil {
		return fmt.Errorf("unit %s is not loaded", hash)
	}
	if p.opened {
		return nil
	}
	for _, g := range p.globals {
		box, err := unit.Box(g.id, g.rep)
		if err != nil {
			return err
		}
		g.value = box
	}
	p.opened = true
	t := &unit.Table{Hash: hash, Run: func() {}, Funcs: map[string]any{}, Types: map[string]reflect.Type{}}
	if p.run != nil {
		t.Run = func() { p.run.call(nil, nil) }
	}
	unit.Register(t)
	return nil
}

// refuse ends Load with a Refusal.
func (l *Loader) refuse(pos token.Pos, what string) {
	panic(&Refusal{Pos: l.fset.Position(pos), What: what})
}

// panickedAt is where the code that is being recovered panicked.
func panickedAt() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
	}
}
