package symbols

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// internal are functions of package display that the runner calls, not cells.
var internal = map[string]bool{"Attach": true, "Of": true}

// TestOwnPackagesAreComplete reads the packages' source: a function that is added
// there must be in the table here.
func TestOwnPackagesAreComplete(t *testing.T) {
	for path, p := range own {
		files, err := filepath.Glob(filepath.Join("../../..", strings.TrimPrefix(path, "github.com/gopar-project/gopar/"), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Type.TypeParams == nil && fn.Name.IsExported() {
					if !internal[fn.Name.Name] {
						want = append(want, fn.Name.Name)
					}
				}
			}
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(p.Funcs)); !slices.Equal(got, want) {
			t.Errorf("%s: the table has %v,\nthe package %v", path, got, want)
		}
	}
}
