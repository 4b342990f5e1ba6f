package interp

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"strings"
)

// guard rewrites indexing and slicing so that an index out of range panics with Go's own error, with index and length, where
// yaegi reports what reflection says: s[i] becomes s[Index(len(s), i)], s[a:b] becomes s[Bounds(len(s), cap(s), a, b):b]. That
// evaluates s and the bounds twice, so it is done only where that cannot be noticed; for the rest see translate.
//
// isMap tells which names are pointers to maps: their index may be anything and cannot be out of range.
func guard(body string, isMap func(name string) bool) (string, error) {
	if !strings.Contains(body, "[") {
		return body, nil
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", "package p\nfunc main() {\n"+body+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return "", fmt.Errorf("interpret: %w", err)
	}
	fn := f.Decls[0].(*ast.FuncDecl).Body
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IndexExpr:
			if pure(n.X) && !isMap(variable(n.X)) {
				n.Index = call("Index", call("len", n.X), n.Index)
			}
		case *ast.SliceExpr:
			if pure(n.X) && pure(n.Low) && pure(n.High) && !n.Slice3 {
				low, high := n.Low, n.High
				if low == nil {
					low = &ast.BasicLit{Kind: token.INT, Value: "0"}
				}
				if high == nil {
					high = call("len", n.X)
				}
				n.Low = call("Bounds", call("len", n.X), call("cap", n.X), low, high)
			}
		}
		return true
	})
	var out bytes.Buffer
	if err := printer.Fprint(&out, fset, fn.List); err != nil {
		return "", fmt.Errorf("interpret: %w", err)
	}
	return out.String(), nil
}

func call(fn string, args ...ast.Expr) ast.Expr {
	return &ast.CallExpr{Fun: ast.NewIdent(fn), Args: args}
}

// variable returns the name V_x of (*V_x), "" for anything else.
func variable(e ast.Expr) string {
	if star, ok := ast.Unparen(e).(*ast.StarExpr); ok {
		if id, ok := ast.Unparen(star.X).(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}

// pure tells whether evaluating e twice is the same as once.
func pure(e ast.Expr) bool {
	switch e := e.(type) {
	case nil, *ast.Ident, *ast.BasicLit:
		return true
	case *ast.ParenExpr:
		return pure(e.X)
	case *ast.StarExpr:
		return pure(e.X)
	case *ast.SelectorExpr:
		return pure(e.X)
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && pure(e.X)
	case *ast.IndexExpr:
		return pure(e.X) && pure(e.Index)
	case *ast.CallExpr: // a conversion, len, Index
		id, ok := e.Fun.(*ast.Ident)
		if !ok || !harmless[id.Name] && !isBasic(id.Name) {
			return false
		}
		for _, a := range e.Args {
			if !pure(a) {
				return false
			}
		}
		return true
	}
	return false
}

var harmless = map[string]bool{"len": true, "cap": true, "Index": true, "Bounds": true}

func isBasic(name string) bool {
	_, ok := types.Universe.Lookup(name).(*types.TypeName)
	return ok
}

// index panics as Go does unless i is an index into n elements.
func index(n, i int) int {
	_ = make([]struct{}, n)[i]
	return i
}

// bounds panics as Go does unless low:high are bounds of a slice of that length and capacity; it returns low.
func bounds(length, capacity, low, high int) int {
	_ = make([]struct{}, length, capacity)[low:high]
	return low
}
