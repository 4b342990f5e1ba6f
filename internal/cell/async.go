package cell

import (
	"go/ast"
	"go/types"
)

// starters are the functions of libraries that run their last argument in a
// goroutine of its own, with the wrapper that reports its panic as the cell's error.
// A go statement inside a library would end the process.
var starters = map[string]string{
	"(*sync.WaitGroup).Go":                      "Async",
	"time.AfterFunc":                            "Async",
	"context.AfterFunc":                         "Async",
	"(*golang.org/x/sync/errgroup.Group).Go":    "AsyncErr",
	"(*golang.org/x/sync/errgroup.Group).TryGo": "AsyncErr",
}

// startsGoroutine reports whether a call is one of starters, and with which wrapper
// its last argument is lowered.
func (l *lowering) startsGoroutine(n *ast.CallExpr) (wrap string, ok bool) {
	f, isFunc := calledObject(l.info, n).(*types.Func)
	if !isFunc || len(n.Args) == 0 || l.isSession(f) {
		return "", false
	}
	wrap, ok = starters[f.FullName()]
	if ok {
		_, tuple := l.multi(n)
		ok = !tuple
	}
	return wrap, ok
}

// asyncCall writes such a call.
func (l *lowering) asyncCall(n *ast.CallExpr, wrap string) string {
	last := n.Args[len(n.Args)-1]
	text := l.emit(n.Fun)
	pos := n.Fun.End()
	for _, a := range n.Args[:len(n.Args)-1] {
		text += l.text(pos, a.Pos()) + l.emit(a)
		pos = a.End()
	}
	text += l.text(pos, last.Pos()) + unitAlias + "." + wrap + "(" + l.emit(last) + ")"
	return text + l.text(last.End(), n.End())
}

// noteCallbacks remembers the function literals among the arguments of a call of a
// library.
func (l *lowering) noteCallbacks(n *ast.CallExpr) {
	f, ok := calledObject(l.info, n).(*types.Func)
	if !ok || l.isSession(f.Origin()) {
		return
	}
	for _, a := range n.Args {
		if lit, ok := ast.Unparen(a).(*ast.FuncLit); ok {
			l.callbacks[lit] = true
		}
	}
}
