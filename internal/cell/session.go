package cell

import (
	"context"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gopar-project/gopar/internal/native"
)

// Session is what the cells so far have declared: variables, functions, types,
// constants and imports, with the source of each, so that a declaration can be
// made anew when something it uses changes. It is safe for concurrent use;
// questions (Complete, Inspect) are answered from the state before the cell that
// is being checked.
type Session struct {
	mu       sync.Mutex
	fset     *token.FileSet
	importer types.Importer
	export   func(path string) (io.ReadCloser, error)
	packages []string // importable paths, for automatic imports and completion
	moduleFuncs

	entities     map[string]*entity
	imports      map[string]string         // local name → path
	byObj        map[types.Object]*entity  // every entity there ever was
	units        map[*types.Package]string // the unit each checked package became
	structs      map[string]structHome     // who names an anonymous struct type, by its key
	memos        map[string]*Cell          // checked cells by text, for re-runs
	files        map[string]string         // file id → latest name ("cell-ab12…" → "cell 3")
	lost         map[string]bool           // variables whose values went with a runner
	sourceDir    func(path string) string
	compiledPath func(path string) string
	known        func(path, name string) bool
	docCache     map[string]packageDocs
	texts        map[string]string // file id → text of the cell
	dir          string
	cgo          func(ctx context.Context, dir string, file []byte) (*native.Cgo, error)
	cTypes       map[string]*cType       // by the name that cgo gives them
	userPackages map[string]*userPackage // that cells define, by name
	versions     map[string]*userPackage // every version there ever was, by path
}

// entity is one name of the session as it stood after some cell. Entities are
// compared by pointer: a name whose declaration did not change keeps its entity.
type entity struct {
	name  string
	obj   types.Object
	unit  string // hash of the unit that declares it; "" for variables
	varID string // variables only: key of the box, with the unit's placeholder resolved
	cell  string // name of the cell that declared it: "cell 3"
	decl  *decl  // nil for variables and constants of groups
	meths []*decl
	leaf  bool     // functions: calls nothing, so that other units may inline it
	reads []string // functions: ids of the variables it uses, transitively
}

// structHome is the unit that declares an anonymous struct type with unexported
// fields, and the alias it declares it by.
type structHome struct{ unit, name string }

// decl is a declaration of a cell with everything needed to check it again.
type decl struct {
	name    string // of what it declares; for methods the receiver's base type
	src     *source
	node    ast.Node // *ast.FuncDecl, *ast.TypeSpec, or a const *ast.GenDecl
	idents  []string // every identifier it mentions
	imports map[string]string
	seen    map[string]*entity // what the session's names among idents meant when it was checked
}

// Config tells a Session where packages come from.
type Config struct {
	// Export opens the export data of a package, by import path.
	Export func(path string) (io.ReadCloser, error)
	// Packages lists the paths that may be imported without being named by an
	// import declaration.
	Packages []string
	// Modules lists the packages of the notebook's modules that may be imported so,
	// too; nil: there are no modules.
	Modules func() []native.Package
	// BuildID identifies the build of a module's package, "" for other packages; nil:
	// there are no modules.
	BuildID func(path string) string
	// CompiledPath tells under which path the package was compiled that is imported
	// by the given one; nil: the same.
	CompiledPath func(path string) string
	// SourceDir tells where the source of a package is, for its documentation; nil
	// or "": it is not at hand.
	SourceDir func(path string) string
	// Dir is the notebook's folder, which #include and ${SRCDIR} are about.
	Dir string
	// Cgo translates a Go file that imports "C"; nil: cells cannot.
	Cgo func(ctx context.Context, dir string, file []byte) (*native.Cgo, error)
	// Interpretable tells whether the interpreter has a function of a package; nil:
	// every cell is compiled.
	Interpretable func(path, name string) bool
}

// NewSession returns an empty session.
func NewSession(c Config) *Session {
	s := &Session{
		fset:      token.NewFileSet(),
		export:    c.Export,
		packages:  c.Packages,
		byObj:     map[types.Object]*entity{},
		versions:  map[string]*userPackage{},
		units:     map[*types.Package]string{},
		structs:   map[string]structHome{},
		files:     map[string]string{},
		sourceDir: c.SourceDir,
		known:     c.Interpretable,
		docCache:  map[string]packageDocs{},
		texts:     map[string]string{},
	}
	s.modules, s.buildID = c.Modules, c.BuildID
	s.dir, s.cgo = c.Dir, c.Cgo
	s.compiledPath = c.CompiledPath
	s.clear()
	return s
}

// compiled is an importer of packages by the paths that source has for them, as export data knows only those under which they
// were compiled.
type compiled struct {
	types.Importer
	path func(string) string
}

// Import implements types.Importer.
func (c compiled) Import(path string) (*types.Package, error) {
	if c.path != nil {
		path = c.path(path)
	}
	return c.Importer.Import(path)
}

func (s *Session) clear() {
	s.entities = map[string]*entity{}
	s.imports = map[string]string{}
	s.memos = map[string]*Cell{}
	s.lost = map[string]bool{}
	s.cTypes = map[string]*cType{}
	// A new one, because after a reset modules may have other versions.
	s.importer = sessionImporter{s, compiled{importer.ForCompiler(s.fset, "gc", s.export), s.compiledPath}}
	s.userPackages = map[string]*userPackage{}
}

// Reset forgets every name of the session.
func (s *Session) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
}

// ForgetValues drops the variables and keeps types, functions, constants and
// imports: the process that held the values is gone. A later use of a variable
// is an error that says so. It returns their names.
func (s *Session) ForgetValues() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for name, e := range s.entities {
		if e.varID != "" {
			delete(s.entities, name)
			s.lost[name] = true
			names = append(names, name)
		}
	}
	s.memos = map[string]*Cell{}
	slices.Sort(names)
	return names
}

// FileName translates a file name of compiled code ("cell-ab12…") to the cell's
// latest name ("cell 3"); other names are returned as they are.
func (s *Session) FileName(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name, ok := s.files[id]; ok {
		return name
	}
	return id
}

// SourceLine returns a line of the cell that compiled code knows by a file name, ""
// if there is none.
func (s *Session) SourceLine(id string, line int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := strings.Split(s.texts[id], "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	return lines[line-1]
}

// Name is a name of the session, for listings.
type Name struct {
	Name string
	Kind string // "var", "func", "type" or "const"
	Type string // its type as Go source
	Cell string // the cell that declared it
}

// Names lists the session's names in alphabetical order.
func (s *Session) Names() []Name {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []Name
	for _, e := range s.entities {
		names = append(names, Name{Name: e.name, Kind: kindOf(e.obj), Type: types.TypeString(e.obj.Type(), shortQualifier), Cell: e.cell})
	}
	slices.SortFunc(names, func(a, b Name) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return names
}

func kindOf(o types.Object) string {
	switch o.(type) {
	case *types.Var:
		return "var"
	case *types.Func:
		return "func"
	case *types.TypeName:
		return "type"
	}
	return "const"
}

// shortQualifier writes types as the user would: cell types bare, others by
// package name.
func shortQualifier(p *types.Package) string {
	if p.Path() == sessionPath {
		return ""
	}
	return p.Name()
}
