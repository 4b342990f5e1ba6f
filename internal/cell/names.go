package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"path"
	"slices"
	"strings"
	"unicode"
)

// This file resolves names that a cell does not declare: imports, automatic
// imports, and ipyparallel's spelling of methods.

// addImport records an import declaration of the cell.
func (c *checker) addImport(spec *ast.ImportSpec) {
	p := c.s.versionOf(strings.Trim(spec.Path.Value, "`\""))
	switch {
	case spec.Name == nil:
		c.imports[c.packageName(p)] = p
	case spec.Name.Name == "_":
		c.blank = append(c.blank, p)
	case spec.Name.Name == ".":
		c.imports[dotKey+p] = p
	default:
		c.imports[spec.Name.Name] = p
	}
}

// dotKey begins the keys of dot imports in a table of imports.
const dotKey = "."

// packageName is the name of a package, from its export data if there is any.
func (c *checker) packageName(p string) string {
	if pkg, err := c.s.importer.Import(p); err == nil {
		return pkg.Name()
	}
	return baseName(p)
}

// baseName guesses a package's name from its path: math/rand/v2 is rand.
func baseName(p string) string {
	base := path.Base(p)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(p))
	}
	return base
}

// candidates lists the importable packages called name.
func candidates(packages []string, name string) []string {
	var found []string
	for _, p := range packages {
		if baseName(p) == name && !strings.Contains(p, "internal/") && !strings.Contains(p, "vendor/") {
			found = append(found, p)
		}
	}
	return found
}

// importFor imports the package called name if the cell selects from that name
// and only one package, of those there are, exports everything that is selected.
func (c *checker) importFor(name string) bool {
	if _, ok := c.imports[name]; ok {
		return false
	}
	selected := selectedFrom(c.src.file, name)
	if len(selected) == 0 {
		return false
	}
	if p := c.s.userPackages[name]; p != nil && p.pkg != c.pkg {
		c.imports[name] = p.path
		return true
	}
	fit := c.fitting(candidates(c.s.packages, name), selected)
	if len(fit) == 0 {
		fit = c.fitting(c.s.moduleCandidates(name), selected)
	}
	if len(fit) == 2 && slices.Contains(fit, "math/rand/v2") && slices.Contains(fit, "math/rand") {
		fit = []string{"math/rand/v2"} // the same functions, the newer package
	}
	if len(fit) != 1 {
		return false
	}
	c.imports[name] = fit[0]
	return true
}

// selectedFrom lists the names selected from identifier base in a file.
func selectedFrom(f *ast.File, base string) []string {
	var names []string
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == base {
				names = append(names, sel.Sel.Name)
			}
		}
		return true
	})
	return names
}

// importsOf is the part of the cell's imports that a declaration uses.
func (c *checker) importsOf(d *decl) map[string]string {
	used := map[string]string{}
	for name, p := range c.imports {
		if strings.HasPrefix(name, dotKey) {
			used[name] = p
		}
	}
	for base := range selectorBases([]ast.Decl{c.astDecl(d)}) {
		if p, ok := c.imports[base]; ok {
			used[base] = p
		}
	}
	return used
}

// goparPrefix is the path of the packages whose methods may be spelled as in
// ipyparallel.
const goparPrefix = "github.com/gopar-project/gopar/"

// respell replaces x.apply by x.Apply where x's type is one of gopar's, has no
// method apply and has a method Apply.
func (c *checker) respell(e Error) (changed bool) {
	ast.Inspect(c.src.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || c.s.fset.Position(sel.Sel.Pos()) != e.Pos && c.s.fset.Position(sel.Pos()) != e.Pos {
			return true
		}
		t := c.info.TypeOf(sel.X)
		if t == nil || !fromGopar(t) {
			return true
		}
		want := goName(sel.Sel.Name)
		if obj, _, _ := types.LookupFieldOrMethod(t, true, c.pkg, want); obj != nil && want != sel.Sel.Name {
			c.spell(sel.Sel, want)
			changed = true
		}
		return true
	})
	return changed
}

func fromGopar(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && strings.HasPrefix(n.Obj().Pkg().Path(), goparPrefix)
}

// goName spells ipyparallel's load_balanced_view as LoadBalancedView, ids as IDs.
func goName(name string) string {
	if name == "ids" {
		return "IDs"
	}
	var b strings.Builder
	up := true
	for _, r := range name {
		if r == '_' {
			up = true
			continue
		}
		if up {
			r = unicode.ToUpper(r)
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}

// nearest finds the name that is at most a third of its letters away from name.
func nearest(name string, names []string) string {
	best, bestDist := "", len(name)/3+1
	slices.Sort(names)
	for _, n := range names {
		if d := distance(name, n); d < bestDist {
			best, bestDist = n, d
		}
	}
	return best
}

// distance is the edit distance of two names, after Wagner and Fischer (1974).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// reserved reports names that lowered code needs for itself: those that begin with
// its prefix, and the exported form of another name of the cell.
func (c *checker) reserved() Errors {
	var errs Errors
	add := func(id *ast.Ident, format string, args ...any) {
		errs = append(errs, Error{Pos: c.s.fset.Position(id.Pos()), Msg: fmt.Sprintf(format, args...)})
	}
	methods := map[string]bool{}
	for _, d := range slices.Concat(c.decls, c.carried) {
		if m := d.method(); m != "" {
			methods[d.name+"."+methodName(m)] = methods[d.name+"."+methodName(m)] || methodName(m) != m
		}
	}
	for _, d := range c.decls {
		if m := d.method(); methodName(m) == m && methods[d.name+"."+m] {
			add(d.node.(*ast.FuncDecl).Name, "%s.%s and its method %s cannot be told apart in compiled cells: rename one", d.name, m, m[2:])
		}
	}
	scope := c.pkg.Scope()
	for id, o := range c.info.Defs {
		if o == nil || id == c.run.Name {
			continue
		}
		if strings.HasPrefix(id.Name, prefix) {
			add(id, "names that begin with %s are gopar's own", prefix)
		}
		if o.Parent() != scope || len(id.Name) < 3 {
			continue
		}
		switch other := scope.Lookup(id.Name[2:]).(type) {
		case *types.TypeName:
			if strings.HasPrefix(id.Name, "T_") && other.Pkg() == c.pkg {
				add(id, "%s and %s cannot be declared in one cell: rename one", id.Name, other.Name())
			}
		case *types.Const:
			if strings.HasPrefix(id.Name, "C_") && other.Pkg() == c.pkg {
				add(id, "%s and %s cannot be declared in one cell: rename one", id.Name, other.Name())
			}
		}
	}
	slices.SortFunc(errs, func(a, b Error) int { return a.Pos.Offset - b.Pos.Offset })
	return errs
}
