package cell

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
)

// Import is an import declaration in a cell's text.
type Import struct {
	Path string
	Pos  token.Position // of the path; file "cell 3"
}

// Imports lists what a cell imports by declaration, so that it can be fetched
// before the cell is checked. Of text that does not parse it lists nothing: Check
// says what is wrong.
func Imports(name, text string) []Import {
	if !strings.Contains(text, "import") {
		return nil
	}
	fset := token.NewFileSet()
	src, errs := parse(fset, name, text)
	if errs != nil {
		return nil
	}
	var all []Import
	for _, it := range src.items {
		d, ok := it.decl.(*ast.GenDecl)
		if !ok || d.Tok != token.IMPORT {
			continue
		}
		for _, spec := range d.Specs {
			p := spec.(*ast.ImportSpec).Path
			all = append(all, Import{strings.Trim(p.Value, "`\""), fset.Position(p.Pos())})
		}
	}
	return all
}

// fitting lists those of paths that export every one of some names.
func (c *checker) fitting(paths, selected []string) []string {
	var fit []string
	for _, p := range paths {
		pkg, err := c.s.importer.Import(p)
		if err != nil {
			continue
		}
		if !slices.ContainsFunc(selected, func(sel string) bool { return pkg.Scope().Lookup(sel) == nil }) {
			fit = append(fit, p)
		}
	}
	return fit
}

// moduleCandidates lists the packages called name that the notebook's modules have
// and that were imported before.
func (s *Session) moduleCandidates(name string) []string {
	if s.modules == nil {
		return nil
	}
	var found []string
	for _, p := range s.modules() {
		if p.Name == name {
			found = append(found, p.Path)
		}
	}
	return found
}

// moduleNames offers the packages of moduleCandidates for completion.
func (s *Session) moduleNames() []Match {
	if s.modules == nil {
		return nil
	}
	var ms []Match
	for _, p := range s.modules() {
		ms = append(ms, Match{Text: p.Name, Kind: "module", Signature: "package " + p.Path})
	}
	return ms
}

// builds names the builds of those imports that are not gopar's own or the
// standard library's, for the hash of a unit.
func (s *Session) builds(paths []string) string {
	if s.buildID == nil {
		return ""
	}
	var b strings.Builder
	for _, p := range paths {
		if id := s.buildID(p); id != "" {
			b.WriteString("// " + p + " " + id + "\n")
		}
	}
	return b.String()
}

// moduleFuncs are the parts of Config that tell about modules.
type moduleFuncs struct {
	modules func() []native.Package
	buildID func(path string) string
}
