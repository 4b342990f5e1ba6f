package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// hint explains an undefined name, or one of a package ("strings.ToUpr"), of which
// the session knows something similar.
func (c *checker) hint(name string) string {
	if base, sel, ok := strings.Cut(name, "."); ok {
		return c.exportHint(base, sel)
	}
	if c.s.lost[name] {
		return " (its value was lost when the process that held it ended: run its cell again)"
	}
	if paths := candidates(c.s.packages, name); len(paths) > 1 {
		return fmt.Sprintf(" (import one of %s)", strings.Join(paths, ", "))
	}
	names := slices.Collect(maps.Keys(c.s.entities))
	for _, own := range c.pkg.Scope().Names() {
		if !strings.HasPrefix(own, prefix) {
			names = append(names, own)
		}
	}
	if best := nearest(name, names); best != "" && best != name {
		return didYouMean(best)
	}
	if len(selectedFrom(c.src.file, name)) > 0 { // a misspelled package
		var packages []string
		for _, p := range c.s.packages {
			if !strings.Contains(p, "internal/") && !strings.Contains(p, "vendor/") {
				packages = append(packages, baseName(p))
			}
		}
		return didYouMean(nearest(name, packages))
	}
	return ""
}

// didYouMean suggests a name, if there is one.
func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", name)
}

// exportHint suggests what a package exports.
func (c *checker) exportHint(base, sel string) string {
	p, ok := c.imports[base]
	if !ok {
		return ""
	}
	pkg, err := c.s.importer.Import(p)
	if err != nil {
		return ""
	}
	var names []string
	for _, n := range pkg.Scope().Names() {
		if token.IsExported(n) {
			names = append(names, n)
		}
	}
	best := nearest(sel, names)
	if best == "" || strings.Contains(sel, "(but have") { // the checker knows it
		return ""
	}
	return didYouMean(base + "." + best)
}

// memberHint suggests a field or method for an error about one that a type does
// not have.
func (c *checker) memberHint(e Error) string {
	if strings.Contains(e.Msg, "but does have") {
		return "" // the checker knows it
	}
	hint := ""
	ast.Inspect(c.src.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || c.s.fset.Position(sel.Sel.Pos()) != e.Pos {
			return true
		}
		t := c.info.TypeOf(sel.X)
		if t == nil {
			return true
		}
		var names []string
		for _, m := range membersOf(t) {
			names = append(names, m.Text)
		}
		hint = didYouMean(nearest(sel.Sel.Name, names))
		return true
	})
	return hint
}
