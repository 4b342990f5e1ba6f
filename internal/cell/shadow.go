package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// This file keeps session variables in locals while a loop runs in which nobody can
// tell the difference: a box is memory that the compiler must load and store in
// every iteration, a local is a register.
//
// A loop qualifies when it calls nothing but builtins, conversions and package
// math, communicates with nobody and starts nothing: then no other code runs in
// between, and what other goroutines see of unsynchronized memory is undefined. Of
// its variables, those that it only reads are copied to locals before it. Those
// that it writes are written back after it and before an interrupt ends it or, if
// something in it can panic, at each assignment: a store costs little, to wait for
// what was just stored costs much. No variable is that may have another name in the loop: its
// address is taken there, or a pointer to its type is followed.

// shadowing is what a loop keeps in locals.
type shadowing struct {
	names   map[types.Object]string // the local of a session variable
	written []types.Object          // those to be written back, in order of their names
	through map[types.Object]bool   // those written at each assignment
}

// loop writes a for or range statement, with session variables in locals where that
// makes no difference but to time.
func (l *lowering) loop(n ast.Stmt) string {
	if l.shadow != nil { // an outer loop has seen to it
		return l.control(n)
	}
	read, written, through := l.shadowable(n)
	if len(read)+len(written)+len(through) == 0 {
		return l.control(n)
	}
	sh := &shadowing{names: map[types.Object]string{}, written: written, through: map[types.Object]bool{}}
	for _, o := range through {
		sh.through[o] = true
	}
	var before, after strings.Builder
	for _, o := range slices.Concat(read, written, through) {
		box := l.variable(o)
		local := prefix + "s_" + strings.TrimSuffix(strings.TrimPrefix(box, "(*"+prefix+"v_"), ")")
		sh.names[o] = local
		before.WriteString(local + " := " + box + "; _ = " + local + "; ")
	}
	for _, o := range written {
		after.WriteString("; " + l.variable(o) + " = " + sh.names[o])
	}
	l.shadow = sh
	text := l.control(n)
	l.shadow = nil
	return "{ " + before.String() + text + after.String() + " }"
}

// stopCheck is the interrupt check of a loop; it writes back what the loop keeps in
// locals.
func (l *lowering) stopCheck() string {
	if l.shadow == nil || len(l.shadow.written) == 0 {
		return stopCheck
	}
	var b strings.Builder
	for _, o := range l.shadow.written {
		b.WriteString(l.box(o) + " = " + l.shadow.names[o] + "; ")
	}
	return strings.Replace(stopCheck, "{ ", "{ "+b.String(), 1)
}

// writeThrough writes what an assignment gave to locals of the loop to their boxes.
func (l *lowering) writeThrough(lhs ...ast.Expr) string {
	var b strings.Builder
	for _, x := range lhs {
		id, ok := ast.Unparen(x).(*ast.Ident)
		if !ok || l.shadow == nil {
			continue
		}
		if o := l.info.Uses[id]; o != nil && l.shadow.through[o] {
			b.WriteString("; " + l.box(o) + " = " + l.shadow.names[o])
		}
	}
	return b.String()
}

// shadowable returns the session variables that a loop only reads, those that it
// writes, and those to be written at each assignment, as far as they may be kept in
// locals.
func (l *lowering) shadowable(loop ast.Stmt) (read, written, through []types.Object) {
	for path := range maps.Values(l.s.imports) {
		if path == "unsafe" {
			return nil, nil, nil // anything may have another name
		}
	}
	look := loopLook{l: l, loop: loop, reads: map[types.Object]bool{}, writes: map[types.Object]bool{}, barred: map[types.Object]bool{},
		midway: map[types.Object]bool{}, whole: map[ast.Stmt]bool{}}
	ast.Inspect(loop, look.visit)
	if look.no {
		return nil, nil, nil
	}
	for o := range look.reads {
		_, basic := o.Type().Underlying().(*types.Basic)
		switch {
		case look.barred[o] || look.followed(o.Type()):
		case !look.writes[o]:
			read = append(read, o)
		case basic && !look.panics:
			written = append(written, o)
		case basic && !look.midway[o]:
			through = append(through, o)
		}
	}
	byName := func(a, b types.Object) int { return strings.Compare(l.varID(a), l.varID(b)) }
	slices.SortFunc(read, byName)
	slices.SortFunc(written, byName)
	slices.SortFunc(through, byName)
	return read, written, through
}

// loopLook looks through a loop.
type loopLook struct {
	l      *lowering
	loop   ast.Stmt
	reads  map[types.Object]bool // session variables that occur in it
	writes map[types.Object]bool // those assigned to
	barred map[types.Object]bool // those whose address is taken, or that are changed in part
	midway map[types.Object]bool // those assigned to where nothing can follow
	whole  map[ast.Stmt]bool     // statements that something can follow
	ptrs   []types.Type          // what pointers that it follows point to
	panics bool                  // something in it may panic
	no     bool                  // other code may run in between
}

// followed reports whether a pointer to a variable of the type is followed.
func (k *loopLook) followed(t types.Type) bool {
	return slices.ContainsFunc(k.ptrs, func(p types.Type) bool { return types.Identical(p.Underlying(), t.Underlying()) })
}

func (k *loopLook) visit(n ast.Node) bool {
	if k.no {
		return false
	}
	info := k.l.info
	switch n := n.(type) {
	case *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt, *ast.SendStmt, *ast.SelectStmt, *ast.ReturnStmt, *ast.LabeledStmt:
		k.no = true
	case *ast.BranchStmt:
		k.no = k.no || n.Label != nil || n.Tok == token.GOTO
	case *ast.CallExpr:
		k.call(n)
	case *ast.Ident:
		if v, ok := info.Uses[n].(*types.Var); ok && !v.IsField() && k.l.isSession(v) {
			k.reads[v] = true
			switch v.Type().Underlying().(type) {
			case *types.Basic, *types.Slice, *types.Map, *types.Pointer:
			default:
				k.barred[v] = true
			}
		}
	case *ast.UnaryExpr:
		switch n.Op {
		case token.ARROW:
			k.no = true
		case token.AND:
			k.bar(n.X)
		}
	case *ast.StarExpr:
		k.follow(n.X)
	case *ast.SelectorExpr:
		if sel := info.Selections[n]; sel != nil {
			k.panics = k.panics || sel.Indirect()
			k.follow(n.X)
		}
	case *ast.IndexExpr:
		k.panics = true
		k.follow(n.X)
	case *ast.SliceExpr:
		k.panics = true
		k.bar(n.X) // of an array: its address
		k.follow(n.X)
	case *ast.TypeAssertExpr, *ast.IndexListExpr:
		k.panics = true
	case *ast.BinaryExpr:
		k.binary(n.Op, n.X, n.Y)
	case *ast.BlockStmt:
		k.statements(n.List)
	case *ast.CaseClause:
		k.statements(n.Body)
	case *ast.IncDecStmt:
		k.write(n.X, k.whole[n])
	case *ast.AssignStmt:
		for _, x := range n.Lhs { // the first may be assigned to when the second panics
			k.write(x, k.whole[n] && allNames(n.Lhs))
		}
		if n.Tok != token.ASSIGN && n.Tok != token.DEFINE {
			k.binary(n.Tok+token.ADD-token.ADD_ASSIGN, n.Lhs[0], n.Rhs[0])
		}
	case *ast.RangeStmt:
		k.ranges(n)
	case *ast.ForStmt:
		// Nothing may follow an endless loop that ends a function.
		k.panics = k.panics || n == k.loop && n.Cond == nil
	}
	return !k.no
}

// ranges notes what a range statement does.
func (k *loopLook) ranges(n *ast.RangeStmt) {
	switch k.l.info.TypeOf(n.X).Underlying().(type) {
	case *types.Basic, *types.Slice, *types.Array, *types.Map:
	case *types.Pointer:
		k.panics = true
		k.follow(n.X)
	default: // channels and functions run other code
		k.no = true
	}
	for _, x := range []ast.Expr{n.Key, n.Value} {
		if x != nil && n.Tok == token.ASSIGN {
			k.write(x, false)
		}
	}
}

// statements notes that these stand in a list.
func (k *loopLook) statements(list []ast.Stmt) {
	for _, s := range list {
		k.whole[s] = true
	}
}

// binary notes operations that may panic.
func (k *loopLook) binary(op token.Token, x, y ast.Expr) {
	switch op {
	case token.QUO, token.REM:
		k.panics = k.panics || k.l.info.Types[y].Value == nil && !isBasic(k.l.info.TypeOf(x), types.IsFloat|types.IsComplex)
	case token.SHL, token.SHR:
		k.panics = k.panics || k.l.info.Types[y].Value == nil && !isBasic(k.l.info.TypeOf(y), types.IsUnsigned)
	case token.EQL, token.NEQ: // of interfaces with values that cannot be compared
		k.panics = k.panics || !isBasic(k.l.info.TypeOf(x), types.IsBoolean|types.IsNumeric|types.IsString)
	}
}

// call notes what a call does.
func (k *loopLook) call(n *ast.CallExpr) {
	tv := k.l.info.Types[n.Fun]
	if tv.IsType() {
		_, basic := tv.Type.Underlying().(*types.Basic)
		k.panics = k.panics || !basic
		return
	}
	if tv.IsBuiltin() {
		id, _ := ast.Unparen(n.Fun).(*ast.Ident)
		switch {
		case id == nil:
			k.no = true
		case id.Name == "len" || id.Name == "cap" || id.Name == "min" || id.Name == "max" || id.Name == "real" || id.Name == "imag" || id.Name == "complex":
			k.panics = k.panics || isPointer(k.l.info.TypeOf(n.Args[0]))
		case id.Name == "append" || id.Name == "copy" || id.Name == "delete" || id.Name == "make" || id.Name == "new":
			k.panics = true
		default:
			k.no = true
		}
		return
	}
	sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
	if !ok {
		k.no = true
		return
	}
	f, ok := k.l.info.Uses[sel.Sel].(*types.Func)
	k.no = k.no || !ok || f.Pkg() == nil || f.Pkg().Path() != "math"
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// write notes an assignment: to a variable, or to a part of one.
func (k *loopLook) write(x ast.Expr, whole bool) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if o := k.l.info.Uses[x]; o != nil {
			k.writes[o] = true
			k.midway[o] = k.midway[o] || !whole
		}
	case *ast.IndexExpr:
		k.panics = true
	}
}

func allNames(list []ast.Expr) bool {
	return !slices.ContainsFunc(list, func(x ast.Expr) bool { _, ok := ast.Unparen(x).(*ast.Ident); return !ok })
}

// bar excludes the variable whose address an operand's is.
func (k *loopLook) bar(x ast.Expr) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if o := k.l.info.Uses[x]; o != nil {
			k.barred[o] = true
		}
	case *ast.SelectorExpr:
		k.bar(x.X)
	case *ast.IndexExpr:
		k.bar(x.X)
	}
}

// follow notes that x may be a pointer that is followed.
func (k *loopLook) follow(x ast.Expr) {
	t := k.l.info.TypeOf(x)
	if t == nil {
		return
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		k.panics = true
		k.ptrs = append(k.ptrs, p.Elem())
	}
}
