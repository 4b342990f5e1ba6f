package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/unit"
)

// Names that lowered code uses. They begin with a prefix that no user's name has
// (analyze refuses those), and the file-level ones never collide with locals.
const (
	prefix     = "gopar__"
	unitAlias  = prefix + "unit"
	unsafeName = prefix + "unsafe"
	// hashMark stands for the unit's own hash until that is known.
	hashMark = "@@gopar@unit@hash@@"
)

// lowering writes the unit of a checked cell.
type lowering struct {
	*checker
	plain   bool              // it is a package with its own name: names are as they are
	cur     *source           // the source of the declaration being written
	imports map[string]string // host package path → alias
	deps    map[string]string // unit hash → alias
	head    strings.Builder   // generated declarations
	done    map[string]bool   // names of generated declarations already in head
	order   []string          // box declarations, in order of first use
	boxes   map[string]bool
	skip    map[token.Pos]bool // positions of unused locals
	structs map[string]string  // anonymous struct types this unit names: key → name
	boxIDs  map[string]string  // box name → id of its variable
	fn      *funcReads         // the function being written
	reads   map[types.Object]*funcReads
	given   map[*ast.Ident]string // names given to identifiers for the checker
	lits    int
	// callbacks are the function literals that calls of libraries are given.
	callbacks map[ast.Node]bool
	litObjs   map[string]types.Object
	funcs     []string                // lifted literals
	implicit  map[ast.Expr]types.Type // expressions that become values of another struct type, and of which
	embeds    []*embedding
	files     *native.Embedded // what embeds mean; nil: there are none
	shadow    *shadowing       // of the loop being written; nil: none
	err       error
}

// funcReads collects which session variables a function uses.
type funcReads struct {
	vars  map[string]bool
	calls map[types.Object]bool
}

func newLowering(c *checker) *lowering {
	return &lowering{
		checker: c, cur: c.src, imports: map[string]string{}, deps: map[string]string{},
		done: map[string]bool{}, boxes: map[string]bool{}, skip: map[token.Pos]bool{},
		structs: map[string]string{}, reads: map[types.Object]*funcReads{}, callbacks: map[ast.Node]bool{},
	}
}

// lower turns a checked cell into a Cell.
func (c *checker) lower() (*Cell, error) {
	l := newLowering(c)
	l.given = c.unspell()
	if errs := c.reserved(); errs != nil {
		return nil, errs
	}
	for _, id := range c.unused {
		l.skip[id.Pos()] = true
	}
	out := &Cell{src: c.src, name: c.src.name, text: c.src.text, checker: c, low: l}
	l.findImplicit()
	body := l.decls() + l.runFunc()
	if l.err != nil {
		return nil, l.err
	}
	if len(c.decls)+len(c.carried)+len(c.inits)+len(c.steps)+len(c.blank) > 0 {
		out.Unit = l.unit(body)
		if l.err != nil {
			return nil, l.err
		}
		out.Run = len(c.inits)+len(c.steps) > 0
	}
	out.Script, out.Deps = l.script()
	out.Rebuilt, out.Outdated, out.Dropped = c.rebuilt(), slices.Sorted(maps.Keys(c.dropped)), c.unfitNames()
	out.describe()
	return out, nil
}

// decls writes the declarations, the cell's own and the carried ones.
func (l *lowering) decls() string {
	var b strings.Builder
	for _, d := range slices.Concat(l.checker.decls, l.carried) {
		l.cur = d.src
		b.WriteString("\n" + l.line(d.node.Pos(), true))
		switch n := d.node.(type) {
		case *ast.FuncDecl:
			b.WriteString(l.funcDecl(n))
		case *ast.TypeSpec:
			b.WriteString(l.typeSpec(n))
		case *ast.GenDecl:
			b.WriteString(l.emit(n) + "\n")
			for _, name := range constNames(n) {
				fmt.Fprintf(&b, "const C_%s = %s\n", name, name)
			}
		}
		b.WriteString("\n")
	}
	l.cur = l.src
	for i, d := range l.inits {
		b.WriteString("\n" + l.line(d.Pos(), true))
		fmt.Fprintf(&b, "func %s%d() %s\n", l.initName(d), i, l.funcBody(d.Body, d.Body))
	}
	return b.String()
}

func (l *lowering) initName(d *ast.FuncDecl) string { return prefix + d.Name.Name }

// typeSpec writes a type declaration and its exported alias.
func (l *lowering) typeSpec(ts *ast.TypeSpec) string {
	var params, args string
	if ts.TypeParams != nil {
		params = l.emit(ts.TypeParams)
		var names []string
		for _, f := range ts.TypeParams.List {
			for _, n := range f.Names {
				names = append(names, n.Name)
			}
		}
		args = "[" + strings.Join(names, ", ") + "]"
	}
	eq := " "
	if ts.Assign.IsValid() {
		eq = " = "
	}
	text := "type " + ts.Name.Name + params + eq + l.declaredType(ts) + "\n"
	if ts.Name.Name != "_" && !isConstraint(l.info.Defs[ts.Name]) || ts.TypeParams != nil {
		text += fmt.Sprintf("type T_%s%s = %s%s\n", ts.Name.Name, params, ts.Name.Name, args)
	} else if ts.Name.Name != "_" {
		text += fmt.Sprintf("type T_%s = %s\n", ts.Name.Name, ts.Name.Name)
	}
	return text
}

// declaredType writes the right-hand side of a type declaration: a struct type
// there is the declared type's own and is not named by itself.
func (l *lowering) declaredType(ts *ast.TypeSpec) string {
	if st, ok := ts.Type.(*ast.StructType); ok && !ts.Assign.IsValid() {
		return l.splice(st)
	}
	return l.emit(ts.Type)
}

// funcDecl writes a function or method.
func (l *lowering) funcDecl(f *ast.FuncDecl) string {
	obj := l.info.Defs[f.Name]
	if f.Recv != nil {
		obj = l.methodOwner(f)
	}
	l.enter(obj)
	defer l.leave()
	var b strings.Builder
	b.WriteString("func ")
	name := f.Name.Name
	if f.Recv != nil {
		b.WriteString(l.splice(f.Recv) + " ")
		name = l.methodName(name)
	} else if l.plain {
	} else if f.Type.TypeParams != nil {
		name = "G_" + name
	} else {
		name = funcName(name)
	}
	b.WriteString(name)
	if f.Type.TypeParams != nil {
		b.WriteString(l.emit(f.Type.TypeParams))
	}
	b.WriteString(l.emit(f.Type.Params))
	if f.Type.Results != nil {
		b.WriteString(" " + l.emit(f.Type.Results))
	}
	if f.Body != nil {
		b.WriteString(" " + l.funcBody(f.Body, f))
	}
	return b.String()
}

// funcName is how a function is called in lowered code. A plugin's table names the
// exported functions of a package main, which a unit's would not be found under.
func funcName(name string) string {
	if token.IsExported(name) {
		return unit.FuncPrefix + name
	}
	return name
}

// methodName is how a method is called in lowered code: unexported methods get an
// exported name, so that they are one across units.
func methodName(name string) string {
	if token.IsExported(name) || name == "_" {
		return name
	}
	return "M_" + name
}

// methodName is how a method is called in this unit.
func (l *lowering) methodName(name string) string {
	if l.plain {
		return name
	}
	return methodName(name)
}

// methodOwner is the object of a method's receiver type: what a type's methods
// read is accounted to the type.
func (l *lowering) methodOwner(f *ast.FuncDecl) types.Object {
	return l.pkg.Scope().Lookup(receiverBase(f))
}

func (l *lowering) enter(obj types.Object) {
	r := l.reads[obj]
	if r == nil {
		r = &funcReads{vars: map[string]bool{}, calls: map[types.Object]bool{}}
		if obj != nil {
			l.reads[obj] = r
		}
	}
	l.fn = r
}

func (l *lowering) leave() { l.fn = nil }

// readsOf lists the variables that a function uses, by itself or through others.
func (l *lowering) readsOf(obj types.Object) []string {
	ids := map[string]bool{}
	seen := map[types.Object]bool{}
	var walk func(types.Object)
	walk = func(o types.Object) {
		if o == nil || seen[o] {
			return
		}
		seen[o] = true
		if r := l.reads[o]; r != nil {
			maps.Copy(ids, r.vars)
			for callee := range r.calls {
				walk(callee)
			}
			return
		}
		if e := l.s.byObj[o]; e != nil {
			for _, id := range e.reads {
				ids[id] = true
			}
		}
	}
	walk(obj)
	return slices.Sorted(maps.Keys(ids))
}

// line is a directive that makes the compiler count from a position of the user's
// text. On a line of its own it is written before declarations.
func (l *lowering) line(p token.Pos, own bool) string {
	pos := l.s.fset.Position(p)
	if own {
		return "//line " + l.cur.id + ":" + strconv.Itoa(pos.Line) + "\n"
	}
	return fmt.Sprintf("/*line %s:%d:%d*/", l.cur.id, pos.Line, max(pos.Column, 1))
}

// fail remembers the first thing that could not be lowered.
func (l *lowering) fail(n ast.Node, format string, args ...any) string {
	if l.err == nil {
		l.err = Errors{{Pos: l.s.fset.Position(n.Pos()), Msg: fmt.Sprintf(format, args...)}}
	}
	return "nil"
}
