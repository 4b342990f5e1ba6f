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

	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/unit"
)

// This file has cells that begin with "package foo": each is a file of a package that
// later cells import by its name. A cell that declares a name again replaces the cell
// that declared it. Every version of a package is a unit, whose path is the version's;
// what uses the package is declared anew with a new version, as with functions.

// userPackage is a version of a package that cells define.
type userPackage struct {
	name  string
	path  string // of this version: "cell/" and the unit's hash
	files []*packageFile
	pkg   *types.Package
	unit  *native.Unit
	uses  map[string]bool // paths of the packages that it imports
}

// packageFile is a cell that is a file of a package.
type packageFile struct {
	src     *source
	names   map[string]bool // what it declares; methods as T.m
	imports map[string]string
	blank   []string
}

// packageOf returns the name in a cell's package clause, "" for main and for none.
func packageOf(name, text string) (string, Errors) {
	toks, _ := scanLoosely(text)
	pkg := ""
	for i, t := range toks {
		if t.tok != token.PACKAGE || i+1 == len(toks) || toks[i+1].tok != token.IDENT {
			continue
		}
		switch {
		case i > 0 && toks[i+1].lit != cmpOr(pkg, "main"):
			return "", Errors{at(name, text, t.off, fmt.Sprintf("a cell belongs to one package: package %s must be a cell of its own", toks[i+1].lit))}
		case toks[i+1].lit != "main":
			pkg = toks[i+1].lit
		}
	}
	return pkg, nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// checkPackage checks a cell that is a file of a package, and what uses that.
func (s *Session) checkPackage(name, text, pkg string) (*Cell, error) {
	src, errs := parse(s.fset, name, text)
	if errs != nil {
		return nil, errs
	}
	for _, it := range src.items {
		if it.decl == nil {
			return nil, Errors{{Pos: s.fset.Position(it.stmts[0].Pos()), Msg: fmt.Sprintf("a statement outside of a function: package %s has declarations only", pkg)}}
		}
	}
	clause := s.fset.Position(src.file.Pos())
	clause.Line, clause.Column = lineCol(text, max(strings.Index(text, "package "+pkg), 0))
	switch {
	case src.usesC():
		return nil, Errors{{Pos: s.fset.Position(src.cImport().Pos()), Msg: `import "C" is for cells without a package clause`}}
	case slices.Contains(s.packages, pkg):
		return nil, Errors{{Pos: clause, Msg: fmt.Sprintf("package %s is one of the standard library: choose another name", pkg)}}
	}
	file := &packageFile{src: src, names: declaredIn(src)}
	old := s.userPackages[pkg]
	var files []*packageFile
	if old != nil {
		for _, f := range old.files {
			if f.src.text != text && !intersects(f.names, file.names) {
				files = append(files, f)
			}
		}
	}
	p, err := s.makePackage(pkg, append(files, file), nil)
	if err != nil {
		return nil, err
	}
	out := &Cell{Unit: p.unit, src: src, name: name, text: text, packages: []*userPackage{p}}
	if old != nil && old.path != p.path {
		err = s.replacePackage(out, old, p)
	}
	return out, err
}

// declaredIn collects the names that a file declares.
func declaredIn(src *source) map[string]bool {
	names := map[string]bool{}
	for _, it := range src.items {
		switch d := it.decl.(type) {
		case *ast.FuncDecl:
			switch {
			case d.Recv != nil:
				names[receiverBase(d)+"."+d.Name.Name] = true
			case d.Name.Name != "init":
				names[d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names[spec.Name.Name] = true
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						names[n.Name] = true
					}
				}
			}
		}
	}
	delete(names, "_")
	return names
}

// makePackage checks and lowers a package. Moved maps the paths of packages that have
// another version to that.
func (s *Session) makePackage(name string, files []*packageFile, moved map[string]string) (*userPackage, error) {
	p := &userPackage{name: name, files: files, uses: map[string]bool{}}
	var checkers []*checker
	for _, f := range files {
		c := &checker{s: s, src: f.src, imports: map[string]string{}}
		for _, it := range f.src.items {
			if g, ok := it.decl.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				for _, spec := range g.Specs {
					c.addImport(spec.(*ast.ImportSpec))
				}
			}
		}
		for local, path := range c.imports {
			c.imports[local] = cmpOr(moved[path], path)
		}
		checkers = append(checkers, c)
	}
	path := unit.PathPrefix + name // until the hash is known
	info, errs := s.checkFiles(p, path, checkers)
	if errs != nil {
		return nil, errs
	}
	for i, c := range checkers {
		files[i] = &packageFile{c.src, files[i].names, c.imports, c.blank}
		for _, path := range c.imports {
			p.uses[path] = true
		}
	}
	u, err := s.lowerPackage(p, checkers, info)
	if err != nil {
		return nil, err
	}
	p.unit, p.path = u, unit.PathPrefix+u.Hash
	if known := s.versions[p.path]; known != nil {
		return known, nil
	}
	if _, errs := s.checkFiles(p, p.path, checkers); errs != nil { // with its own path
		return nil, errs
	}
	s.versions[p.path] = p
	return p, nil
}

// checkFiles runs go/types over a package, and imports what is unambiguous.
func (s *Session) checkFiles(p *userPackage, path string, checkers []*checker) (*types.Info, Errors) {
	for range 16 {
		p.pkg = types.NewPackage(path, p.name)
		info := newInfo()
		var files []*ast.File
		for _, c := range checkers {
			c.pkg, c.info = p.pkg, info
			var decls []ast.Decl
			for _, it := range c.src.items {
				if g, ok := it.decl.(*ast.GenDecl); !ok || g.Tok != token.IMPORT {
					decls = append(decls, it.decl)
				}
			}
			f := c.importing(c.src, c.imports, decls)
			f.Name.Name = p.name
			files = append(files, f)
		}
		var errs Errors
		conf := types.Config{Importer: s.importer, Sizes: types.SizesFor("gc", runtime.GOARCH), Error: func(err error) {
			te, ok := err.(types.Error)
			if ok && !(te.Soft && strings.Contains(te.Msg, "imported") && strings.Contains(te.Msg, "not used")) {
				errs = append(errs, Error{Pos: s.fset.Position(te.Pos), Msg: strings.ReplaceAll(te.Msg, path+".", "")})
			}
		}}
		_ = types.NewChecker(&conf, s.fset, p.pkg, info).Files(files) // errors went to conf.Error
		if errs == nil {
			return info, nil
		}
		again := false
		for i, e := range errs {
			name, ok := strings.CutPrefix(e.Msg, "undefined: ")
			if !ok {
				continue
			}
			for _, c := range checkers {
				if c.src.name == e.Pos.Filename && c.importFor(name) {
					again = true
				}
			}
			if !again {
				errs[i].Msg += checkers[0].hint(name)
			}
		}
		if !again {
			return nil, errs
		}
	}
	return nil, Errors{{Msg: "package " + p.name + " could not be resolved"}}
}

// lowerPackage writes a package as a unit. Its names are as they are; only what lets
// it be interrupted is added.
func (s *Session) lowerPackage(p *userPackage, checkers []*checker, info *types.Info) (*native.Unit, error) {
	l := newLowering(&checker{s: s, src: checkers[0].src, pkg: p.pkg, info: info})
	l.plain = true
	var body, funcs, kinds strings.Builder
	for _, c := range checkers {
		l.cur = c.src
		l.blank = append(l.blank, c.blank...)
		for _, it := range c.src.items {
			switch d := it.decl.(type) {
			case *ast.FuncDecl:
				body.WriteString("\n" + l.line(d.Pos(), true) + l.funcDecl(d) + "\n")
				if d.Recv == nil && d.Type.TypeParams == nil && d.Name.Name != "init" && d.Name.Name != "_" {
					fmt.Fprintf(&funcs, "%q: %s, ", d.Name.Name, d.Name.Name)
				}
			case *ast.GenDecl:
				if d.Tok == token.IMPORT {
					continue
				}
				body.WriteString("\n" + l.line(d.Pos(), true) + l.packageEmbed(c, d) + l.splice(d) + "\n")
				for _, spec := range d.Specs {
					if ts, ok := spec.(*ast.TypeSpec); ok && ts.TypeParams == nil && !ts.Assign.IsValid() && ts.Name.Name != "_" && !isConstraint(info.Defs[ts.Name]) {
						fmt.Fprintf(&kinds, "%q: gopar__reflect.TypeFor[%s](), ", ts.Name.Name, ts.Name.Name)
					}
				}
			}
		}
	}
	for _, name := range l.funcs {
		fmt.Fprintf(&funcs, "%q: %s, ", name, name)
	}
	fmt.Fprintf(&body, "\nfunc init() {\n\tgopar__unit.Register(&gopar__unit.Table{\n\t\tHash: C_gopar__hash,\n\t\tFuncs: map[string]any{%s},\n\t\tTypes: map[string]gopar__reflect.Type{%s},\n\t})\n}\n", funcs.String(), kinds.String())
	if l.err != nil {
		return nil, l.err
	}
	return l.assemble(p.name, l.head.String()+body.String()), nil
}

// replacePackage completes a cell that has made another version of a package: the
// packages that import it, and the session's declarations that use one of them, are
// made anew.
func (s *Session) replacePackage(out *Cell, old, now *userPackage) error {
	moved := map[string]string{old.path: now.path}
	for more := true; more; {
		more = false
		for _, name := range slices.Sorted(maps.Keys(s.userPackages)) {
			q := s.userPackages[name]
			if moved[q.path] != "" || !intersects(q.uses, asSet(moved)) {
				continue
			}
			again, err := s.makePackage(name, slices.Clone(q.files), moved)
			if err != nil {
				out.Outdated = append(out.Outdated, "package "+name)
				moved[q.path] = q.path
				continue
			}
			moved[q.path], more = again.path, true
			out.packages = append(out.packages, again)
			out.Rebuilt = append(out.Rebuilt, "package "+name)
		}
	}
	c := &checker{s: s, src: emptySource(s, out.src.name), imports: maps.Clone(s.imports), unwrapped: map[ast.Expr]bool{}}
	for local, path := range c.imports {
		c.imports[local] = cmpOr(moved[path], path)
	}
	changing := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(s.entities)) {
		e := s.entities[name]
		if e.decl == nil || !e.imports(moved) {
			continue
		}
		changing[name] = true
		for _, d := range append([]*decl{e.decl}, e.meths...) {
			d := *d
			d.imports = maps.Clone(d.imports)
			for local, path := range d.imports {
				d.imports[local] = cmpOr(moved[path], path)
			}
			c.carried = append(c.carried, &d)
		}
	}
	if len(changing) == 0 {
		return nil
	}
	c.carry(changing)
	if errs := c.check(); errs != nil {
		return errs
	}
	follow, err := c.lower()
	if err != nil {
		return err
	}
	out.follow = follow
	out.Rebuilt = append(out.Rebuilt, follow.Rebuilt...)
	out.Outdated = append(out.Outdated, follow.Outdated...)
	return nil
}

func asSet(m map[string]string) map[string]bool {
	set := map[string]bool{}
	for k := range m {
		set[k] = true
	}
	return set
}

// imports reports whether a declaration uses one of some packages.
func (e *entity) imports(paths map[string]string) bool {
	return slices.ContainsFunc(append([]*decl{e.decl}, e.meths...), func(d *decl) bool {
		for _, path := range d.imports {
			if to := paths[path]; to != "" && to != path {
				return true
			}
		}
		return false
	})
}

// emptySource is the text of a cell without any.
func emptySource(s *Session, name string) *source {
	src := &source{name: name, id: fileID("")}
	src.assemble(nil)
	_ = src.parseFile(s.fset) // it is "package main"
	return src
}

// Units lists what is to be built and loaded, in that order.
func (c *Cell) Units() []*native.Unit {
	var units []*native.Unit
	for _, p := range c.packages {
		units = append(units, p.unit)
	}
	if len(units) == 0 && c.Unit != nil {
		units = append(units, c.Unit)
	}
	if c.follow != nil && c.follow.Unit != nil {
		units = append(units, c.follow.Unit)
	}
	return units
}

// commitPackages makes the cell's packages those that later cells import.
func (s *Session) commitPackages(c *Cell) {
	for _, p := range c.packages {
		if old := s.userPackages[p.name]; old != nil {
			for local, path := range s.imports {
				if path == old.path {
					s.imports[local] = p.path
				}
			}
		}
		s.userPackages[p.name] = p
		s.units[p.pkg] = p.unit.Hash
	}
}

// IsPackage reports whether cells define the package of a path.
func (s *Session) IsPackage(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.userPackages[path] != nil
}

// versionOf is the path of the version in force of a package that cells define; other
// paths are returned as they are.
func (s *Session) versionOf(path string) string {
	if p := s.userPackages[path]; p != nil {
		return p.path
	}
	return path
}

// sessionImporter finds the packages of cells, and others by their export data.
type sessionImporter struct {
	s    *Session
	host types.Importer
}

// Import implements types.Importer.
func (i sessionImporter) Import(path string) (*types.Package, error) {
	if p := i.s.versions[path]; p != nil {
		return p.pkg, nil
	}
	return i.host.Import(path)
}

// packagePaths are the names of the packages that cells define, by the hashes of their
// units, with the one that is being made.
func (s *Session) packagePaths(pkg, hash string) map[string]string {
	paths := map[string]string{}
	for _, p := range s.versions {
		paths[p.unit.Hash] = p.name
	}
	if pkg != "main" {
		paths[hash] = pkg
	}
	return paths
}
