package cell

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// leavesType is the type whose methods a unit exports its leaf functions by, so
// that the compiler can inline them into other units, as it would in one package.
const leavesType = "GoparLeaves"

// leaf reports whether a function calls nothing and recovers nothing: only then is
// calling it through a method the same in every respect.
func (l *lowering) leaf(f *ast.FuncDecl) bool {
	if f.Recv != nil || f.Type.TypeParams != nil || f.Body == nil || f.Name.Name == "_" || l.callsSomething(f) {
		return false
	}
	recovers := false
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && l.info.Uses[id] == types.Universe.Lookup("recover") {
			recovers = true
		}
		return !recovers
	})
	return !recovers
}

// leaves writes the methods that export the unit's leaf functions.
func (l *lowering) leaves() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\ntype %s struct{}\n", leavesType)
	for _, d := range slices.Concat(l.checker.decls, l.carried) {
		f, ok := d.node.(*ast.FuncDecl)
		if !ok || !l.leaf(f) {
			continue
		}
		obj := l.info.Defs[f.Name].(*types.Func)
		b.WriteString(l.leafMethod(obj))
	}
	return b.String()
}

func (l *lowering) leafMethod(f *types.Func) string {
	sig := f.Signature()
	var params, args []string
	for i := range sig.Params().Len() {
		t, dots := l.typ(sig.Params().At(i).Type()), ""
		if sig.Variadic() && i == sig.Params().Len()-1 {
			t, dots = "..."+l.typ(sig.Params().At(i).Type().(*types.Slice).Elem()), "..."
		}
		params = append(params, fmt.Sprintf("a%d %s", i, t))
		args = append(args, fmt.Sprintf("a%d%s", i, dots))
	}
	results := strings.TrimPrefix(l.signature(types.NewSignatureType(nil, nil, nil, nil, sig.Results(), false)), "()")
	call := funcName(f.Name()) + "(" + strings.Join(args, ", ") + ")"
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	return fmt.Sprintf("func (%s) F_%s(%s)%s { %s }\n", leavesType, f.Name(), strings.Join(params, ", "), results, call)
}

// calledLeaf writes the function of a call if that is a leaf function of another
// unit.
func (l *lowering) calledLeaf(fun ast.Expr) (string, bool) {
	id, ok := ast.Unparen(fun).(*ast.Ident)
	if !ok {
		return "", false
	}
	f, ok := l.info.Uses[id].(*types.Func)
	if !ok {
		return "", false
	}
	e := l.s.byObj[f]
	if e == nil || !e.leaf {
		return "", false
	}
	if l.fn != nil {
		l.fn.calls[f] = true
	}
	// in parentheses, because the call may stand in the head of an if or for
	return "(" + l.unitAliasOf(e.unit) + "." + leavesType + "{}).F_" + f.Name(), true
}
