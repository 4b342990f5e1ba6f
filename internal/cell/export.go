package cell

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
)

// Input is one cell of a program to be exported.
type Input struct {
	Name string // as positions call it: "cell 3"
	Text string
	// Failed says that its statements did not run to their end: only its
	// declarations become part of the program.
	Failed bool
}

// Program is what cells come to as ordinary Go.
type Program struct {
	// Source is the file: declarations at package level, and main with the
	// statements in the order in which the cells ran. Of Tests: only what the
	// tests use, and no main.
	Source []byte
	// Test is the file of the tests; nil for Export.
	Test []byte
	// Packages are the files of the packages that cells define, by their paths in the
	// program's folder; the program's module is called notebook.
	Packages map[string][]byte
	// Imports are the paths of the packages that both files import, sorted.
	Imports []string
}

// Export returns the program that does what the cells did, in their order. A name
// that was declared several times keeps its name for the last declaration; earlier
// ones that something still uses are numbered. Its results are printed.
//
// It checks the cells once more, in a session of its own; the error is that of
// the first cell that is refused.
func Export(c Config, cells []Input) (*Program, error) {
	return export(c, cells, false)
}

// ExportLines is Export for tools that report positions: these are the cells'.
func ExportLines(c Config, cells []Input) (*Program, error) {
	return export(c, cells, true)
}

func export(c Config, cells []Input, lines bool) (*Program, error) {
	x, err := newExporter(c, cells, !lines)
	if err != nil {
		return nil, err
	}
	x.lines = lines
	body := x.mainBody()
	x.wantLatest()
	used := x.reach()
	f := &goFile{x: x, imports: map[string]bool{}, lines: lines}
	f.variables(used)
	f.declare(used, func(*exportItem) bool { return true })
	f.add("\nfunc main() {\n"+body.text+"}\n", body)
	if x.needsShow {
		f.b.WriteString(showSource)
		f.paths("fmt", "reflect")
	}
	source, err := f.source("main")
	if err != nil {
		return nil, err
	}
	packages, err := x.packageFiles(f.imports)
	if err != nil {
		return nil, err
	}
	return &Program{Source: source, Packages: packages, Imports: f.imported()}, nil
}

// Tests returns the package that go test needs for the tests of a cell, the last
// one: what they use of the session, and a test file. Variables have the values
// of their definitions.
func Tests(c Config, cells []Input) (*Program, error) {
	x, err := newExporter(c, cells, false)
	if err != nil {
		return nil, err
	}
	last := x.cells[len(x.cells)-1]
	isTest := func(it *exportItem) bool { return it.cell == last }
	for _, it := range x.items {
		if isTest(it) {
			x.want(it)
		}
	}
	body := x.variables()
	used := x.reach()
	var errs Errors
	for e, pos := range x.embedded {
		if used[e] {
			errs = append(errs, Error{Pos: pos, Msg: e.name + " is used by the tests, which cannot use variables with //go:embed"})
		}
	}
	if errs != nil {
		slices.SortFunc(errs, func(a, b Error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, errs
	}
	f := &goFile{x: x, imports: map[string]bool{}}
	f.variables(used)
	f.declare(used, func(it *exportItem) bool { return !isTest(it) })
	if body.text != "" {
		f.add("\nfunc init() {\n"+body.text+"}\n", body)
	}
	source, err := f.source("session")
	if err != nil {
		return nil, err
	}
	t := &goFile{x: x, imports: map[string]bool{}, lines: true}
	t.declare(used, isTest)
	test, err := t.source("session")
	if err != nil {
		return nil, err
	}
	maps.Copy(f.imports, t.imports)
	packages, err := x.packageFiles(f.imports)
	if err != nil {
		return nil, err
	}
	return &Program{Source: source, Test: test, Packages: packages, Imports: f.imported()}, nil
}

// showSource prints a cell's result as a notebook does.
const showSource = `
// show prints the values of an expression as a notebook shows them.
func show(vs ...any) {
	for i, v := range vs {
		if i > 0 {
			fmt.Print(", ")
		}
		if structs(reflect.TypeOf(v), 0) {
			fmt.Printf("%+v", v)
		} else {
			fmt.Printf("%v", v)
		}
	}
	fmt.Println()
}

// showResults shows what a function returned, without an error that is nil.
func showResults(vs ...any) {
	if n := len(vs); vs[n-1] == nil {
		vs = vs[:n-1]
	}
	if len(vs) > 0 {
		show(vs...)
	}
}

// structs reports whether there are field names to print.
func structs(t reflect.Type, depth int) bool {
	if t == nil || depth > 8 || t.Implements(reflect.TypeFor[fmt.Formatter]()) {
		return false
	}
	switch t.Kind() {
	case reflect.Struct:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return structs(t.Elem(), depth+1)
	}
	return false
}
`

// exporter turns checked cells into one package.
type exporter struct {
	s     *Session
	cells []*exportCell
	items []*exportItem

	names     map[*entity]string // what each declaration is called in the package
	packages  map[string]string  // path → name it is imported by
	taken     map[string]bool    // every identifier of the cells, and names given
	wanted    map[*entity]bool
	embedded  map[*entity]token.Position // variables with //go:embed, and where that is
	needsShow bool
	lines     bool // main has line directives
}

// lineAt says where the next line comes from.
func lineAt(p token.Position) string { return fmt.Sprintf("//line %s:%d\n", p.Filename, p.Line) }

type exportCell struct {
	Input
	*Cell
}

// exportItem is a declaration, or a run of statements, with what it refers to.
type exportItem struct {
	cell    *exportCell
	entity  *entity // of a method: its type
	text    string
	pos     token.Position
	refs    map[*entity]bool
	imports map[string]bool
}

// newExporter checks cells. Those with C code are left out; an export of the whole session
// is refused because of them.
func newExporter(c Config, cells []Input, whole bool) (*exporter, error) {
	x := &exporter{
		s: NewSession(c), names: map[*entity]string{}, packages: map[string]string{}, taken: map[string]bool{"show": true, "showResults": true, "structs": true}, wanted: map[*entity]bool{},
		embedded: map[*entity]token.Position{},
	}
	for _, in := range cells {
		checked, err := x.s.Check(in.Name, in.Text)
		if err != nil {
			return nil, err
		}
		x.s.Commit(checked)
		if checked.follow != nil {
			x.cells = append(x.cells, &exportCell{in, checked.follow})
		}
		if checked.checker == nil {
			continue // excluded by its build constraint, or a package
		}
		if checked.low.embeds != nil && whole {
			return nil, Errors{{Pos: x.s.fset.Position(checked.low.embeds[0].pos), Msg: "cells with //go:embed cannot be exported"}}
		}
		if checked.src.cgo != nil {
			if whole {
				return nil, Errors{{Pos: checked.src.cgo.at, Msg: `cells that import "C" cannot be exported`}}
			}
			continue
		}
		x.cells = append(x.cells, &exportCell{in, checked})
		for _, st := range checked.checker.steps {
			if st.spec == nil || st.spec.embed == nil {
				continue
			}
			for _, n := range st.spec.names {
				if e := x.s.byObj[originOf(checked.checker.pkg.Scope().Lookup(n.Name))]; e != nil {
					x.embedded[e] = x.s.fset.Position(st.spec.embed.pos)
				}
			}
		}
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.nameAll()
	for _, c := range x.cells {
		x.collect(c)
	}
	return x, nil
}

// nameAll gives every declaration its name: the last of a name has it as it is.
func (x *exporter) nameAll() {
	versions := map[string][]*entity{}
	seen := map[*entity]bool{}
	used := map[string]string{} // import path → name in the cells
	for _, c := range x.cells {
		for id := range c.checker.info.Uses {
			x.taken[id.Name] = true
			if p, ok := c.checker.info.Uses[id].(*types.PkgName); ok {
				used[p.Imported().Path()] = p.Imported().Name()
			} else if o := c.checker.info.Uses[id]; o.Pkg() != nil && o.Pkg().Path() != sessionPath {
				used[o.Pkg().Path()] = o.Pkg().Name()
			}
		}
		for id := range c.checker.info.Defs {
			x.taken[id.Name] = true
		}
		for _, name := range c.checker.pkg.Scope().Names() {
			e := x.s.byObj[originOf(c.checker.pkg.Scope().Lookup(name))]
			if e != nil && !seen[e] {
				seen[e] = true
				versions[e.name] = append(versions[e.name], e)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		list := versions[name]
		for i, e := range list[:len(list)-1] {
			x.names[e] = x.free(fmt.Sprintf("%s_%d", name, i+1))
		}
		x.names[list[len(list)-1]] = name
		x.taken[name] = true
	}
	given := map[string]bool{"show": true, "showResults": true, "structs": true}
	for name := range versions {
		given[name] = true
	}
	for _, p := range slices.Sorted(maps.Keys(used)) {
		name := used[p]
		if given[name] {
			name = x.free(name + "pkg")
		}
		given[name] = true
		x.packages[p] = name
	}
}

// free returns a name that nothing has yet.
func (x *exporter) free(name string) string {
	for x.taken[name] {
		name += "_"
	}
	x.taken[name] = true
	return name
}

// collect makes items of a cell's declarations.
func (x *exporter) collect(c *exportCell) {
	k := c.checker
	for _, d := range slices.Concat(k.decls, k.carried) {
		name := d.name
		if g, ok := d.node.(*ast.GenDecl); ok && g.Tok == token.CONST {
			if names := constNames(g); len(names) > 0 {
				name = names[0]
			}
		}
		obj := k.pkg.Scope().Lookup(name)
		e := x.s.byObj[obj]
		if obj == nil || e == nil {
			continue
		}
		if slices.ContainsFunc(x.items, func(it *exportItem) bool { return it.cell.Cell == c.Cell && it.cell != c }) {
			return // the cell ran before: its declarations are there
		}
		it := x.item(c, d.src, d.node)
		it.entity = e
		if _, ok := d.node.(*ast.TypeSpec); ok {
			it.text = "type " + it.text
		}
		if doc := d.doc(); doc != "" {
			it.text = "// " + strings.ReplaceAll(strings.TrimSuffix(doc, "\n"), "\n", "\n// ") + "\n" + it.text
		}
		x.items = append(x.items, it)
	}
}

func (x *exporter) want(it *exportItem) {
	if it.entity != nil {
		x.wanted[it.entity] = true
	}
	for e := range it.refs {
		x.wanted[e] = true
	}
}

// wantLatest wants what the session still has under its name.
func (x *exporter) wantLatest() {
	for _, e := range x.s.entities {
		if e.varID == "" {
			x.wanted[e] = true
		}
	}
}

// reach completes what is wanted by what that refers to.
func (x *exporter) reach() map[*entity]bool {
	for more := true; more; {
		more = false
		for _, it := range x.items {
			if !x.wanted[it.entity] {
				continue
			}
			for e := range it.refs {
				if !x.wanted[e] {
					x.wanted[e], more = true, true
				}
			}
		}
	}
	return x.wanted
}

// goFile is a Go file being written.
type goFile struct {
	x       *exporter
	b       strings.Builder
	imports map[string]bool
	lines   bool // with line directives
}

// variables declares the variables of the cells.
func (f *goFile) variables(used map[*entity]bool) {
	var vars []*entity
	for e := range used {
		if e.varID != "" {
			vars = append(vars, e)
		}
	}
	slices.SortFunc(vars, func(a, b *entity) int { return strings.Compare(f.x.names[a], f.x.names[b]) })
	for _, e := range vars {
		it := &exportItem{refs: map[*entity]bool{}, imports: map[string]bool{}}
		text := f.x.typeText(e.obj.Type(), it)
		f.add("\nvar "+f.x.names[e]+" "+text+"\n", it)
	}
}

// declare writes the items that are used and chosen.
func (f *goFile) declare(used map[*entity]bool, chosen func(*exportItem) bool) {
	for _, it := range f.x.items {
		if !used[it.entity] || !chosen(it) {
			continue
		}
		if f.lines {
			f.b.WriteString("\n" + strings.TrimSuffix(lineAt(it.pos), "\n"))
		}
		f.add("\n"+it.text+"\n", it)
	}
}

func (f *goFile) add(text string, it *exportItem) {
	f.b.WriteString(text)
	maps.Copy(f.imports, it.imports)
}

func (f *goFile) paths(paths ...string) {
	for _, p := range paths {
		f.imports[p] = true
	}
}

// imported are the packages that the file imports, sorted, as source names them.
func (f *goFile) imported() []string {
	var paths []string
	for p := range f.imports {
		paths = append(paths, native.SourcePath(p))
	}
	slices.Sort(paths)
	return paths
}

// source is the file's text, formatted.
func (f *goFile) source(pkg string) ([]byte, error) {
	var b strings.Builder
	b.WriteString("package " + pkg + "\n\n")
	if len(f.imports) > 0 {
		b.WriteString("import (\n")
		for _, p := range slices.Sorted(maps.Keys(f.imports)) {
			name, from := f.x.packages[p], f.x.importPath(p)
			if name == "" || name == path.Base(from) {
				fmt.Fprintf(&b, "\t%q\n", from)
			} else {
				fmt.Fprintf(&b, "\t%s %q\n", name, from)
			}
		}
		b.WriteString(")\n")
	}
	b.WriteString(f.b.String())
	if f.lines {
		return []byte(b.String()), nil // formatting would move the directives' lines
	}
	out, err := format.Source([]byte(b.String()))
	if err != nil {
		return nil, fmt.Errorf("format the exported program: %w", err)
	}
	return out, nil
}
