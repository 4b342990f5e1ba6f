package cell

import (
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
	if c := s.memos[text]; c != nil && c.current(s) && c.sameFiles(s.dir) {
		s.files[c.src.id] = name
		return c, nil
	}
	switch excluded, errs := constraintOf(name, text); {
	case errs != nil:
		return nil, errs
	case excluded != "":
		return s.excluded(name, text, excluded), nil
	}
	pkg, errs := packageOf(name, text)
	if errs != nil {
		return nil, errs
	}
	if pkg != "" {
		return s.checkPackage(name, text, pkg)
	}
	src, errs := parse(s.fset, name, text)
	if errs != nil {
		return nil, errs
	}
	if src.usesC() {
		if err := s.translateC(src); err != nil {
			return nil, err
		}
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

// excluded is a cell that declares and does nothing, because of its build constraint.
func (s *Session) excluded(name, text, why string) *Cell {
	return &Cell{Notes: []string{why}, src: &source{name: name, id: fileID(text), text: text}, name: name, text: text, committed: true}
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

	embedded   map[token.Pos]bool // the //go:embed comments that stand above variables
	nothingNew Errors             // definitions by := of names that the cell has defined

	respelled map[*ast.Ident]string // identifiers given another name for the checker, and what the user wrote
	unwrapped map[ast.Expr]bool     // last expressions that have no value
	dropped   map[string]bool       // carried names that do not check any more
	unfit     map[*decl]bool        // methods of other cells that do not fit the type that the cell declares

	pkg     *types.Package
	info    *types.Info
	checked []*ast.File // what was checked, the cell itself first
	run     *ast.FuncDecl
	unused  []*ast.Ident // local variables nothing uses

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
	c.info = newInfo()
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
	if c.src.cgo != nil {
		files = append(files, c.src.cgo.file)
	}
	c.insertCTypes()
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
			e := Error{Pos: s.fset.Position(te.Pos), Msg: c.message(te.Msg)}
			ignored = c.ignore(te) || c.src.cgo.holds(te.Pos) || slices.Contains(errs, e) // go/types looks at some expressions twice
			if !ignored {
				errs = append(errs, e)
			}
		},
	}
	c.checked = files
	_ = types.NewChecker(&conf, s.fset, c.pkg, c.info).Files(files) // errors went to conf.Error
	errs = slices.DeleteFunc(errs, c.setsOwnField)
	if len(errs) == 0 {
		return c.untyped()
	}
	return errs
}

// newInfo is what the checker is to record.
func newInfo() *types.Info {
	return &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes: map[ast.Node]*types.Scope{}, Instances: map[*ast.Ident]types.Instance{},
	}
}

// showObject is the function the last expression is handed to.
func showObject(pkg *types.Package) *types.Func {
	anys := types.NewSlice(types.Universe.Lookup("any").Type())
	sig := types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewVar(token.NoPos, pkg, "", anys)), nil, true)
	return types.NewFunc(token.NoPos, pkg, showFunc, sig)
}
