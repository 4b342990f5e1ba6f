package cell

import (
	"crypto/sha256"
	"encoding/hex"
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
	funcs     []string // lifted literals
	err       error
}

// funcReads collects which session variables a function uses.
type funcReads struct {
	vars  map[string]bool
	calls map[types.Object]bool
}

// lower turns a checked cell into a Cell.
func (c *checker) lower() (*Cell, error) {
	l := &lowering{
		checker: c, cur: c.src, imports: map[string]string{}, deps: map[string]string{},
		done: map[string]bool{}, boxes: map[string]bool{}, skip: map[token.Pos]bool{},
		structs: map[string]string{}, reads: map[types.Object]*funcReads{}, callbacks: map[ast.Node]bool{},
	}
	l.given = c.unspell()
	if errs := c.reserved(); errs != nil {
		return nil, errs
	}
	for _, id := range c.unused {
		l.skip[id.Pos()] = true
	}
	out := &Cell{src: c.src, name: c.src.name, text: c.src.text, checker: c, low: l}
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
	out.Rebuilt, out.Outdated = c.rebuilt(), slices.Sorted(maps.Keys(c.dropped))
	out.describe()
	return out, nil
}

// unit assembles the source file and hashes it.
func (l *lowering) unit(body string) *native.Unit {
	register := l.leaves() + l.register()
	carry := l.carryDecls()
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	fmt.Fprintf(&b, "\t%s %q\n\t%s \"unsafe\"\n\tgopar__reflect \"reflect\"\n", unitAlias, goparPrefix+"internal/unit", unsafeName)
	paths := []string{goparPrefix + "internal/unit", "reflect", "unsafe"}
	for _, p := range slices.Sorted(maps.Keys(l.imports)) {
		fmt.Fprintf(&b, "\t%s %q\n", l.imports[p], p)
		paths = append(paths, p)
	}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(l.blank))) {
		fmt.Fprintf(&b, "\t_ %q\n", p)
		paths = append(paths, p)
	}
	deps := slices.Sorted(maps.Keys(l.deps))
	for _, h := range deps {
		fmt.Fprintf(&b, "\t%s \"cell/%s\"\n", l.deps[h], h)
	}
	b.WriteString(")\n\nvar _ = gopar__unsafe.Sizeof(0)\nvar _ gopar__reflect.Type\n")
	for _, h := range deps { // an alias may end up unused: only linkname needs the import
		fmt.Fprintf(&b, "var _ = %s.C_gopar__hash\n", l.deps[h])
	}
	fmt.Fprintf(&b, "const C_gopar__hash = %q\n", hashMark)
	b.WriteString(l.checker.s.builds(paths))
	b.WriteString(carry)
	b.WriteString(strings.Join(l.order, ""))
	b.WriteString(l.head.String())
	b.WriteString(body)
	b.WriteString(register)
	source := b.String()
	sum := sha256.Sum256([]byte(source))
	hash := hex.EncodeToString(sum[:12])
	slices.Sort(paths)
	return &native.Unit{
		Hash:    hash,
		Source:  []byte(strings.ReplaceAll(source, hashMark, hash)),
		Imports: slices.Compact(paths),
		Deps:    deps,
	}
}

// register writes the init function that makes the unit known.
func (l *lowering) register() string {
	var b strings.Builder
	b.WriteString("\nfunc init() {\n\tgopar__unit.Register(&gopar__unit.Table{\n\t\tHash: C_gopar__hash,\n\t\tRun: gopar__run,\n")
	b.WriteString("\t\tFuncs: map[string]any{")
	var reads strings.Builder
	for _, d := range slices.Concat(l.checker.decls, l.carried) {
		f, ok := d.node.(*ast.FuncDecl)
		if !ok || f.Recv != nil || f.Type.TypeParams != nil || f.Name.Name == "_" {
			continue
		}
		fmt.Fprintf(&b, "%q: %s, ", f.Name.Name, funcName(f.Name.Name))
		if ids := l.readsOf(l.info.Defs[f.Name]); len(ids) > 0 {
			fmt.Fprintf(&reads, "%q: %#v, ", f.Name.Name, ids)
		}
	}
	for _, name := range l.funcs {
		fmt.Fprintf(&b, "%q: %s, ", name, name)
		if ids := l.readsOf(l.litObj(name)); len(ids) > 0 {
			fmt.Fprintf(&reads, "%q: %#v, ", name, ids)
		}
	}
	b.WriteString("},\n\t\tTypes: map[string]gopar__reflect.Type{")
	for _, d := range slices.Concat(l.checker.decls, l.carried) {
		ts, ok := d.node.(*ast.TypeSpec)
		if !ok || ts.TypeParams != nil || ts.Assign.IsValid() || ts.Name.Name == "_" || isConstraint(l.info.Defs[ts.Name]) {
			continue
		}
		fmt.Fprintf(&b, "%q: gopar__reflect.TypeFor[%s](), ", ts.Name.Name, ts.Name.Name)
	}
	fmt.Fprintf(&b, "},\n\t\tReads: map[string][]string{%s},\n\t})\n}\n", reads.String())
	return b.String()
}

// isConstraint reports whether a type can only be used as a constraint.
func isConstraint(o types.Object) bool {
	if o == nil {
		return false
	}
	i, ok := o.Type().Underlying().(*types.Interface)
	return ok && !i.IsMethodSet()
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
		name = methodName(name)
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

// runFunc writes the function that executes the cell.
func (l *lowering) runFunc() string {
	l.cur = l.src
	l.enter(nil)
	defer l.leave()
	var b strings.Builder
	b.WriteString("\nfunc gopar__run() {\n")
	var inits, mains string
	for i, d := range l.inits {
		call := fmt.Sprintf("\t%s%d()\n", l.initName(d), i)
		if d.Name.Name == "main" {
			mains += call
		} else {
			inits += call
		}
	}
	steps, rest := l.orderedSteps()
	b.WriteString(l.stepsText(steps) + inits + l.stepsText(rest) + mains)
	b.WriteString("}\n")
	return b.String()
}

func (l *lowering) stepsText(steps []step) string {
	var b strings.Builder
	for _, st := range steps {
		if st.spec != nil {
			b.WriteString(l.line(st.spec.node.Pos(), false) + l.assign(st.spec) + "\n")
			continue
		}
		for _, s := range st.stmts {
			if b.Len() > 0 { // what was interrupted in the statement before ends here
				b.WriteString(stopCheck + "\n")
			}
			b.WriteString(l.line(s.Pos(), false) + l.topStmt(s) + "\n")
		}
	}
	return b.String()
}

// orderedSteps is the order in which a cell's steps run. The variables that it
// declares before its first statement are initialized as those of a Go package, by
// dependency, and before its init functions run; the rest follows as written.
func (l *lowering) orderedSteps() (vars, rest []step) {
	byName := map[types.Object]int{}
	n := 0
	for ; n < len(l.steps) && l.steps[n].declares(); n++ {
		for _, name := range l.steps[n].spec.names {
			byName[l.info.Defs[name]] = n
		}
	}
	placed := map[int]bool{}
	for i, st := range l.steps[:n] { // zero values first
		if len(st.spec.values) == 0 {
			vars, placed[i] = append(vars, st), true
		}
	}
	for _, init := range l.info.InitOrder {
		for _, v := range init.Lhs {
			if i, ok := byName[v]; ok && !placed[i] {
				vars, placed[i] = append(vars, l.steps[i]), true
			}
		}
	}
	for i, st := range l.steps[:n] {
		if !placed[i] {
			vars = append(vars, st)
		}
	}
	return vars, l.steps[n:]
}

// declares reports whether a step is a declaration with var.
func (st step) declares() bool {
	if st.spec == nil {
		return false
	}
	_, short := st.spec.node.(*ast.AssignStmt)
	return !short
}

// topStmt writes a statement of the cell's top level; the last expression goes to
// the display hook.
func (l *lowering) topStmt(s ast.Stmt) string {
	e, ok := s.(*ast.ExprStmt)
	if !ok || l.last == nil || e.X != l.last || l.unwrapped[l.last] || l.prints(e.X) {
		return l.stmt(s)
	}
	if isShow(e.X) { // several values, wrapped by parse
		return fmt.Sprintf("%s.Show(%s)", unitAlias, l.args(e.X.(*ast.CallExpr)))
	}
	if l.src.quiet {
		if _, call := ast.Unparen(e.X).(*ast.CallExpr); call && !l.info.Types[ast.Unparen(e.X).(*ast.CallExpr).Fun].IsType() {
			return l.stmt(s)
		}
		return "_ = " + l.emit(e.X)
	}
	show := "Show"
	if l.returnsError(e.X) {
		show = "ShowResults"
	}
	return fmt.Sprintf("%s.%s(%s)", unitAlias, show, l.emit(e.X))
}

// isShow reports whether e is the display hook's call that parse put around several
// values.
func isShow(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	id, ok := call.Fun.(*ast.Ident)
	return ok && id.Name == showFunc
}

// args writes the arguments of a call.
func (l *lowering) args(call *ast.CallExpr) string {
	var parts []string
	for _, a := range call.Args {
		parts = append(parts, l.emit(a))
	}
	return strings.Join(parts, ", ")
}

// prints reports whether an expression is a call of one of fmt's printing
// functions, whose results nobody wants to see.
func (l *lowering) prints(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	f, ok := l.info.Uses[sel.Sel].(*types.Func)
	return ok && f.Pkg() != nil && f.Pkg().Path() == "fmt" && (strings.HasPrefix(f.Name(), "Print") || strings.HasPrefix(f.Name(), "Fprint"))
}

// returnsError reports whether e is a call whose last result is an error, which is
// not shown when it is nil.
func (l *lowering) returnsError(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok && !l.info.Types[call.Fun].IsType() && endsInError(l.info.TypeOf(e))
}

func endsInError(t types.Type) bool {
	if tuple, ok := t.(*types.Tuple); ok {
		if tuple.Len() == 0 {
			return false
		}
		t = tuple.At(tuple.Len() - 1).Type()
	}
	return t != nil && types.Identical(t, types.Universe.Lookup("error").Type())
}

// assign writes the definition of session variables as an assignment to their
// boxes.
func (l *lowering) assign(v *varSpec) string {
	var lhs []string
	for _, n := range v.names {
		if n.Name == "_" {
			lhs = append(lhs, "_")
			continue
		}
		obj := l.pkg.Scope().Lookup(n.Name)
		lhs = append(lhs, l.variable(obj))
	}
	if len(v.values) == 0 {
		var zeros []string
		for i, n := range v.names {
			t := l.info.TypeOf(v.typ)
			if n.Name == "_" {
				continue
			}
			zeros = append(zeros, fmt.Sprintf("%s = *new(%s)", lhs[i], l.typ(t)))
		}
		return strings.Join(zeros, "; ")
	}
	var rhs []string
	for i, e := range v.values {
		text := l.emit(e)
		if v.typ != nil && v.names[min(i, len(v.names)-1)].Name == "_" && len(v.values) == len(v.names) {
			text = fmt.Sprintf("%s(%s)", l.typ(l.info.TypeOf(v.typ)), text)
		}
		rhs = append(rhs, text)
	}
	return strings.Join(lhs, ", ") + " = " + strings.Join(rhs, ", ")
}

// carryDecls writes, before all boxes, the sharing of memory by variables whose
// type is declared anew.
func (l *lowering) carryDecls() string {
	var b strings.Builder
	for i, v := range l.carryOver {
		obj := l.pkg.Scope().Lookup(v.from.name)
		fmt.Fprintf(&b, "var gopar__carry%d = %s.Carry(%q, %q, (*%s)(nil))\n", i, unitAlias, v.from.varID, l.varID(obj), l.typ(obj.Type()))
	}
	return b.String()
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
