package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"runtime"
	"slices"
	"strings"
)

// sessionPath is the path of every checked package: unexported names are compared
// by path, so all cells are one package to the checker.
const sessionPath = "main"

// oldPrefix marks an identifier that means the session's variable although the
// cell defines a new one of that name: the x on the right of x := x + 1.
const oldPrefix = "gopar__old_"

const showFunc = "gopar__show"

// Check parses and type-checks a cell against the session and lowers it. name is
// how positions call it ("cell 3"). An error of type Errors is about the user's
// text; the session is not changed before Commit.
func (s *Session) Check(name, text string) (*Cell, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.memos[text]; c != nil && c.current(s) {
		s.files[c.src.id] = name
		return c, nil
	}
	src, errs := parse(s.fset, name, text)
	if errs != nil {
		return nil, errs
	}
	c := &checker{s: s, src: src, imports: maps.Clone(s.imports), unwrapped: map[ast.Expr]bool{}}
	if errs := c.analyze(); errs != nil {
		return nil, errs
	}
	if errs := c.check(); errs != nil {
		return nil, errs
	}
	out, err := c.lower()
	if err != nil {
		return nil, err
	}
	out.text = text
	return out, nil
}

// checker is the work on one cell.
type checker struct {
	s   *Session
	src *source

	imports map[string]string // local name → path, session's and the cell's
	blank   []string          // paths imported for their effects
	decls   []*decl           // the cell's own declarations that are new or changed
	kept    []*decl           // those that did not change since an earlier cell
	carried []*decl           // declarations of earlier cells to be made anew
	inits   []*ast.FuncDecl   // func init and func main, run in this order
	steps   []step            // what Run does, in source order
	last    ast.Expr          // the cell's result

	respelled map[*ast.Ident]string // identifiers given another name for the checker, and what the user wrote
	unwrapped map[ast.Expr]bool     // last expressions that have no value
	dropped   map[string]bool       // carried names that do not check any more

	pkg    *types.Package
	info   *types.Info
	run    *ast.FuncDecl
	unused []*ast.Ident // local variables nothing uses

	carryOver []carriedVar
}

// spell gives an identifier another name for the checker. Lowering undoes it,
// because the length of a name tells where it ends in the text.
func (c *checker) spell(id *ast.Ident, name string) {
	if c.respelled == nil {
		c.respelled = map[*ast.Ident]string{}
	}
	if _, done := c.respelled[id]; !done {
		c.respelled[id] = id.Name
	}
	id.Name = name
}

// unspell restores what the user wrote and returns the names that were given.
func (c *checker) unspell() map[*ast.Ident]string {
	given := map[*ast.Ident]string{}
	for id, name := range c.respelled {
		given[id] = id.Name
		id.Name = name
	}
	return given
}

// step is one thing Run does: define variables or execute statements.
type step struct {
	spec  *varSpec
	stmts []ast.Stmt
}

// varSpec is a definition of session variables: var a, b T = x, y or a, b := x, y.
type varSpec struct {
	node   ast.Node
	names  []*ast.Ident
	again  []bool // names[i] was defined earlier in this cell: an assignment
	typ    ast.Expr
	values []ast.Expr
}

// analyze sorts the parsed cell into declarations and steps.
func (c *checker) analyze() Errors {
	defined := map[string]bool{}
	for i, it := range c.src.items {
		switch d := it.decl.(type) {
		case nil:
			c.analyzeStmts(it.stmts, defined, i == len(c.src.items)-1)
		case *ast.FuncDecl:
			c.analyzeFunc(d)
		case *ast.GenDecl:
			if errs := c.analyzeGen(d, defined); errs != nil {
				return errs
			}
		}
	}
	return nil
}

func (c *checker) analyzeFunc(d *ast.FuncDecl) {
	if d.Recv == nil && (d.Name.Name == "init" || d.Name.Name == "main") {
		c.inits = append(c.inits, d)
		return
	}
	name := d.Name.Name
	if d.Recv != nil {
		name = receiverBase(d)
	}
	c.decls = append(c.decls, c.newDecl(name, d))
}

func (c *checker) analyzeGen(d *ast.GenDecl, defined map[string]bool) Errors {
	switch d.Tok {
	case token.IMPORT:
		for _, spec := range d.Specs {
			c.addImport(spec.(*ast.ImportSpec))
		}
	case token.TYPE:
		for _, spec := range d.Specs {
			ts := spec.(*ast.TypeSpec)
			if ts.Doc == nil {
				ts.Doc = d.Doc
			}
			c.decls = append(c.decls, c.newDecl(ts.Name.Name, ts))
		}
	case token.CONST:
		names := constNames(d)
		if len(names) > 0 {
			c.decls = append(c.decls, c.newDecl(names[0], d))
		}
	case token.VAR:
		for _, spec := range d.Specs {
			vs := spec.(*ast.ValueSpec)
			c.define(&varSpec{node: vs, names: vs.Names, typ: vs.Type, values: vs.Values}, defined)
		}
	}
	return nil
}

// analyzeStmts cuts a run of statements at the definitions of session variables
// and finds the last expression.
func (c *checker) analyzeStmts(stmts []ast.Stmt, defined map[string]bool, final bool) {
	var run []ast.Stmt
	flush := func() {
		if len(run) > 0 {
			c.steps = append(c.steps, step{stmts: run})
			run = nil
		}
	}
	for i, st := range stmts {
		if a, ok := st.(*ast.AssignStmt); ok && a.Tok == token.DEFINE && allIdents(a.Lhs) {
			flush()
			spec := &varSpec{node: a, values: a.Rhs}
			for _, l := range a.Lhs {
				spec.names = append(spec.names, l.(*ast.Ident))
			}
			c.define(spec, defined)
			continue
		}
		if e, ok := st.(*ast.ExprStmt); ok && final && i == len(stmts)-1 {
			c.last = e.X
		}
		run = append(run, st)
	}
	flush()
}

// define adds the definition of variables. A name that := meets again in the same
// cell is assigned to, as in Go.
func (c *checker) define(spec *varSpec, defined map[string]bool) {
	_, short := spec.node.(*ast.AssignStmt)
	fresh := false
	spec.again = make([]bool, len(spec.names))
	for i, n := range spec.names {
		spec.again[i] = short && defined[n.Name] && n.Name != "_"
		fresh = fresh || (!spec.again[i] && n.Name != "_")
	}
	if !fresh { // all defined before: let the checker say "redeclared"
		spec.again = make([]bool, len(spec.names))
	}
	for _, n := range spec.names {
		if n.Name != "_" {
			defined[n.Name] = true
		}
	}
	c.renameSelf(spec)
	c.steps = append(c.steps, step{spec: spec})
}

// check finds out which declarations changed, type-checks them together with
// whatever must be declared anew, and repeats that until nothing more is found.
func (c *checker) check() Errors {
	c.dropKept()
	for range 16 { // each round adds an import, drops or adds a declaration
		errs := c.pass()
		if again := c.learn(&errs); again {
			continue
		}
		if errs != nil {
			return errs
		}
		for _, d := range c.decls {
			d.imports = c.importsOf(d) // packages have been imported by themselves since
		}
		return c.checkAgain()
	}
	return Errors{{Pos: token.Position{Filename: c.src.name}, Msg: "this cell could not be resolved against the session"}}
}

// pass runs go/types once over the cell and what is carried with it.
func (c *checker) pass() Errors {
	s := c.s
	c.pkg = types.NewPackage(sessionPath, "main")
	c.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes: map[ast.Node]*types.Scope{}, Instances: map[*ast.Ident]types.Instance{},
	}
	c.unused = nil
	c.carryOver = c.carriedVars()
	files := c.files()
	own := c.declared()
	for _, v := range c.carryOver {
		own[v.from.name] = true
	}
	for name, e := range s.entities {
		if !own[name] {
			c.pkg.Scope().Insert(e.obj)
		}
		if own[name] && len(c.respelled) > 0 {
			if v, ok := e.obj.(*types.Var); ok {
				old := types.NewVar(v.Pos(), v.Pkg(), oldPrefix+name, v.Type())
				c.pkg.Scope().Insert(old)
				s.byObj[old] = e
			}
		}
	}
	c.pkg.Scope().Insert(showObject(c.pkg))
	var errs Errors
	ignored := false
	conf := types.Config{
		Importer: s.importer,
		Sizes:    types.SizesFor("gc", runtime.GOARCH),
		Error: func(err error) {
			te, ok := err.(types.Error)
			if !ok {
				errs = append(errs, Error{Msg: err.Error()})
				return
			}
			if strings.HasPrefix(te.Msg, "\t") {
				if !ignored && len(errs) > 0 {
					errs[len(errs)-1].Msg += "\n" + te.Msg
				}
				return
			}
			ignored = c.ignore(te)
			if !ignored {
				errs = append(errs, Error{Pos: s.fset.Position(te.Pos), Msg: c.message(te.Msg)})
			}
		},
	}
	_ = types.NewChecker(&conf, s.fset, c.pkg, c.info).Files(files) // errors went to conf.Error
	errs = slices.DeleteFunc(errs, c.setsOwnField)
	if len(errs) == 0 {
		return c.untyped()
	}
	return errs
}

// setsOwnField reports whether an error is the checker's complaint about a literal
// T{1, 2} that sets unexported fields of an earlier cell's type. (It compares
// packages by pointer there, by path elsewhere.)
func (c *checker) setsOwnField(e Error) bool {
	if !strings.HasPrefix(e.Msg, "implicit assignment to unexported field") {
		return false
	}
	for lit, tv := range c.info.Types {
		n, ok := lit.(*ast.CompositeLit)
		if !ok {
			continue
		}
		for _, elt := range n.Elts {
			if c.s.fset.Position(elt.Pos()) == e.Pos {
				return c.isOwnStruct(tv.Type)
			}
		}
	}
	return false
}

func (c *checker) isOwnStruct(t types.Type) bool {
	if p, ok := types.Unalias(t).Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := types.Unalias(t).Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range st.Fields() {
		if !f.Exported() && f.Pkg() != nil && f.Pkg().Path() != sessionPath {
			return false
		}
	}
	return true
}

// untyped reports variables that have no type because they are defined by
// themselves alone, x := x + 1 where there is no x.
func (c *checker) untyped() Errors {
	var errs Errors
	for _, st := range c.steps {
		if st.spec == nil {
			continue
		}
		for _, n := range st.spec.names {
			if o := c.pkg.Scope().Lookup(n.Name); o != nil && o.Type() == types.Typ[types.Invalid] {
				errs = append(errs, Error{Pos: c.s.fset.Position(st.spec.mention(n.Name, n).Pos()), Msg: "undefined: " + n.Name})
			}
		}
	}
	return errs
}

// mention finds where the definition's values use a name, or returns otherwise.
func (v *varSpec) mention(name string, otherwise ast.Node) ast.Node {
	found := otherwise
	for _, e := range v.values {
		ast.Inspect(e, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == name && found == otherwise {
				found = id
			}
			return true
		})
	}
	return found
}

// ignore reports whether an error of the checker is none in a cell.
func (c *checker) ignore(e types.Error) bool {
	switch {
	case strings.Contains(e.Msg, "declared and not used") && !strings.HasPrefix(e.Msg, "label "):
		c.noteUnused(e.Pos)
		return true
	case e.Soft && strings.Contains(e.Msg, "imported") && strings.Contains(e.Msg, "not used"):
		return true
	case strings.HasPrefix(e.Msg, "initialization cycle"):
		return true // cells run in order, as written
	}
	return false
}

func (c *checker) noteUnused(p token.Pos) {
	for id := range c.info.Defs {
		if id.Pos() == p {
			c.unused = append(c.unused, id)
			return
		}
	}
	c.unused = append(c.unused, &ast.Ident{NamePos: p})
}

// message turns a checker's message into the user's terms.
func (c *checker) message(msg string) string {
	msg = strings.ReplaceAll(msg, oldPrefix, "")
	msg = strings.ReplaceAll(msg, "argument to "+showFunc, "result")
	return stripQualifier(msg)
}

// stripQualifier removes the "main." that the checker puts before names of
// earlier cells.
func stripQualifier(msg string) string {
	var b strings.Builder
	for {
		i := strings.Index(msg, "main.")
		if i < 0 {
			b.WriteString(msg)
			return b.String()
		}
		b.WriteString(msg[:i])
		if i > 0 && isWordByte(msg[i-1]) {
			b.WriteString("main.")
		}
		msg = msg[i+len("main."):]
	}
}

func isWordByte(c byte) bool {
	return c == '_' || c == '/' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// learn looks at a pass's errors for things the checker can mend itself: missing
// imports, a last call without a value, ipyparallel's spelling, carried
// declarations that no longer check, variables whose type changed. It reports
// whether another pass is worth it.
func (c *checker) learn(errs *Errors) bool {
	if c.dropFailedCarried(errs) {
		return true
	}
	again := false
	for i, e := range *errs {
		switch {
		case strings.HasPrefix(e.Msg, "undefined: "):
			name := strings.TrimPrefix(e.Msg, "undefined: ")
			if c.importFor(name) {
				again = true
			} else {
				(*errs)[i].Msg += c.hint(name)
			}
		case strings.Contains(e.Msg, "(no value) used as value") && c.last != nil && !c.unwrapped[c.last]:
			c.unwrapped[c.last] = true
			again = true
		case strings.Contains(e.Msg, " undefined (type "):
			if c.respell(e) {
				again = true
			} else {
				(*errs)[i].Msg += c.memberHint(e)
			}
		}
	}
	if again {
		return true
	}
	if len(*errs) > 0 {
		return false
	}
	return c.renameOld() || c.carryForVariables()
}

// checkAgain verifies the assignments hidden in definitions such as a, err := f()
// where err was defined earlier in the cell.
func (c *checker) checkAgain() Errors {
	var errs Errors
	for _, st := range c.steps {
		if st.spec == nil {
			continue
		}
		for i, n := range st.spec.names {
			if !st.spec.again[i] {
				continue
			}
			v := c.pkg.Scope().Lookup(n.Name)
			from := valueType(c.info, st.spec, i)
			if v != nil && from != nil && !types.AssignableTo(from, v.Type()) {
				errs = append(errs, Error{Pos: c.s.fset.Position(n.Pos()), Msg: fmt.Sprintf("cannot use a value of type %s as %s value in assignment to %s",
					types.TypeString(from, shortQualifier), types.TypeString(v.Type(), shortQualifier), n.Name)})
			}
		}
	}
	return errs
}

// valueType is the type of what spec gives its i-th name.
func valueType(info *types.Info, spec *varSpec, i int) types.Type {
	if len(spec.values) == len(spec.names) {
		return info.TypeOf(spec.values[i])
	}
	if len(spec.values) == 1 {
		if t, ok := info.TypeOf(spec.values[0]).(*types.Tuple); ok && i < t.Len() {
			return t.At(i).Type()
		}
		if i == 1 { // v, ok := m[k]
			return types.Typ[types.Bool]
		}
		return info.TypeOf(spec.values[0])
	}
	return nil
}

// showObject is the function the last expression is handed to.
func showObject(pkg *types.Package) *types.Func {
	anys := types.NewSlice(types.Universe.Lookup("any").Type())
	sig := types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewVar(token.NoPos, pkg, "", anys)), nil, true)
	return types.NewFunc(token.NoPos, pkg, showFunc, sig)
}

func allIdents(list []ast.Expr) bool {
	for _, e := range list {
		if _, ok := e.(*ast.Ident); !ok {
			return false
		}
	}
	return true
}

// receiverBase is the name of a method's receiver type.
func receiverBase(d *ast.FuncDecl) string {
	if len(d.Recv.List) == 0 {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

func constNames(d *ast.GenDecl) []string {
	var names []string
	for _, spec := range d.Specs {
		for _, n := range spec.(*ast.ValueSpec).Names {
			if n.Name != "_" {
				names = append(names, n.Name)
			}
		}
	}
	return names
}
