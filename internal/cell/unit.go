package cell

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
)

// This file assembles a unit's source: imports, boxes, declarations, registration.

// unit makes the unit of a cell.
func (l *lowering) unit(body string) *native.Unit {
	register := l.leaves() + l.register() + l.cDecls()
	carry := l.carryDecls()
	return l.assemble("main", carry+strings.Join(l.order, "")+l.head.String()+body+register)
}

// assemble makes a unit of the text of its declarations.
func (l *lowering) assemble(pkg, body string) *native.Unit {
	var b strings.Builder
	b.WriteString("package " + pkg + "\n\nimport (\n")
	fmt.Fprintf(&b, "\t%s %q\n\t%s \"unsafe\"\n\tgopar__reflect \"reflect\"\n", unitAlias, goparPrefix+"internal/unit", unsafeName)
	paths := []string{goparPrefix + "internal/unit", "reflect", "unsafe"}
	for _, p := range slices.Sorted(maps.Keys(l.imports)) {
		fmt.Fprintf(&b, "\t%s %q\n", l.imports[p], p)
		paths = append(paths, p)
	}
	for _, p := range slices.Compact(slices.Sorted(slices.Values(l.blank))) {
		if v := l.s.versions[p]; v != nil {
			l.unitAliasOf(v.unit.Hash)
			continue
		}
		fmt.Fprintf(&b, "\t_ %q\n", p)
		paths = append(paths, p)
	}
	deps := slices.Sorted(maps.Keys(l.deps))
	for _, h := range deps {
		fmt.Fprintf(&b, "\t%s \"cell/%s\"\n", l.deps[h], h)
	}
	b.WriteString(")\n\nvar _ = gopar__unsafe.Sizeof(0)\nvar _ gopar__reflect.Type\n")
	for _, h := range deps { // an alias may end up unused: only linkname needs the import
		fmt.Fprintf(&b, "var _ = %s.C_gopar__hash\n", l.deps[h])
	}
	fmt.Fprintf(&b, "const C_gopar__hash = %q\n", hashMark)
	b.WriteString(l.checker.s.builds(paths) + l.embedDigests())
	b.WriteString(body)
	source := b.String()
	sum := sha256.Sum256([]byte(source))
	hash := hex.EncodeToString(sum[:12])
	slices.Sort(paths)
	return &native.Unit{
		Hash:    hash,
		Source:  []byte(strings.ReplaceAll(source, hashMark, hash)),
		Imports: slices.Compact(paths),
		Deps:    deps,
		Cgo:     l.cUnit(hash),
		Embed:   l.files,
		Paths:   l.s.packagePaths(pkg, hash),
	}
}

// register writes the init function that makes the unit known.
func (l *lowering) register() string {
	var b strings.Builder
	b.WriteString("\nfunc init() {\n\tgopar__unit.Register(&gopar__unit.Table{\n\t\tHash: C_gopar__hash,\n\t\tRun: gopar__run,\n")
	b.WriteString("\t\tFuncs: map[string]any{")
	var reads strings.Builder
	for _, d := range slices.Concat(l.checker.decls, l.carried) {
		f, ok := d.node.(*ast.FuncDecl)
		if !ok || f.Recv != nil || f.Type.TypeParams != nil || f.Name.Name == "_" {
			continue
		}
		fmt.Fprintf(&b, "%q: %s, ", f.Name.Name, funcName(f.Name.Name))
		if ids := l.readsOf(l.info.Defs[f.Name]); len(ids) > 0 {
			fmt.Fprintf(&reads, "%q: %#v, ", f.Name.Name, ids)
		}
	}
	for _, name := range l.funcs {
		fmt.Fprintf(&b, "%q: %s, ", name, name)
		if ids := l.readsOf(l.litObj(name)); len(ids) > 0 {
			fmt.Fprintf(&reads, "%q: %#v, ", name, ids)
		}
	}
	b.WriteString("},\n\t\tTypes: map[string]gopar__reflect.Type{")
	for _, d := range slices.Concat(l.checker.decls, l.carried) {
		ts, ok := d.node.(*ast.TypeSpec)
		if !ok || ts.TypeParams != nil || ts.Assign.IsValid() || ts.Name.Name == "_" || isConstraint(l.info.Defs[ts.Name]) {
			continue
		}
		fmt.Fprintf(&b, "%q: gopar__reflect.TypeFor[%s](), ", ts.Name.Name, ts.Name.Name)
	}
	fmt.Fprintf(&b, "},\n\t\tReads: map[string][]string{%s},\n\t})\n}\n", reads.String())
	return b.String()
}

// isConstraint reports whether a type can only be used as a constraint.
func isConstraint(o types.Object) bool {
	if o == nil {
		return false
	}
	i, ok := o.Type().Underlying().(*types.Interface)
	return ok && !i.IsMethodSet()
}

// carryDecls writes, before all boxes, the sharing of memory by variables whose
// type is declared anew.
func (l *lowering) carryDecls() string {
	var b strings.Builder
	for i, v := range l.carryOver {
		obj := l.pkg.Scope().Lookup(v.from.name)
		fmt.Fprintf(&b, "var gopar__carry%d = %s.Carry(%q, %q, (*%s)(nil))\n", i, unitAlias, v.from.varID, l.varID(obj), l.typ(obj.Type()))
	}
	return b.String()
}
