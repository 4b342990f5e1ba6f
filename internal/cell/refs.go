package cell

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/types"
	"strings"
)

// This file writes references: to host packages, to other units, and to session
// variables.

// importAlias imports a host package into the unit.
func (l *lowering) importAlias(path string) string {
	if p := l.s.versions[path]; p != nil {
		return l.unitAliasOf(p.unit.Hash)
	}
	if alias, ok := l.imports[path]; ok {
		return alias
	}
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, path)
	alias := fmt.Sprintf("%sp%d_%s", prefix, len(path), clean)
	l.imports[path] = alias
	return alias
}

// unitAliasOf imports another unit.
func (l *lowering) unitAliasOf(hash string) string {
	alias, ok := l.deps[hash]
	if !ok {
		alias = prefix + "u_" + hash[:12]
		l.deps[hash] = alias
	}
	return alias
}

// isSession reports whether an object is a package-level one of the session (this
// cell's or an earlier one's), as opposed to a local one or a host package's.
func (l *lowering) isSession(o types.Object) bool {
	if o == nil || o.Pkg() == nil || o.Pkg().Path() != sessionPath {
		return false
	}
	return o.Parent() == l.pkg.Scope() || l.s.byObj[o] != nil
}

// unitOf returns the hash of the earlier unit that declares a session object, ""
// if this unit does.
func (l *lowering) unitOf(o types.Object) string {
	if e := l.s.byObj[o]; e != nil {
		return e.unit
	}
	return l.s.units[o.Pkg()]
}

// variable writes a session variable: the box it lives in, dereferenced, or the
// local that a loop keeps it in.
func (l *lowering) variable(o types.Object) string {
	if l.shadow != nil {
		if local, ok := l.shadow.names[o]; ok {
			return local
		}
	}
	return l.box(o)
}

// box writes the box of a session variable, dereferenced.
func (l *lowering) box(o types.Object) string {
	name := strings.TrimPrefix(o.Name(), oldPrefix)
	id := l.varID(o)
	if l.fn != nil {
		l.fn.vars[id] = true
	}
	box := prefix + "v_" + name
	if prev, ok := l.done2(box, id); ok && prev != id {
		box += "_" + shortHash(id)
	}
	if !l.boxes[box] {
		l.boxes[box] = true
		t := l.typ(o.Type())
		l.order = append(l.order, fmt.Sprintf("var %s = (*%s)(%s.Var(%q, (*%s)(nil)))\n", box, t, unitAlias, id, t))
	}
	return "(*" + box + ")"
}

// done2 remembers which id a box name stands for.
func (l *lowering) done2(box, id string) (string, bool) {
	if l.boxIDs == nil {
		l.boxIDs = map[string]string{}
	}
	prev, ok := l.boxIDs[box]
	if !ok {
		l.boxIDs[box] = id
	}
	return prev, ok
}

// varID is the key of a session variable's box: its name and its type.
func (l *lowering) varID(o types.Object) string {
	if e := l.s.byObj[o]; e != nil && e.varID != "" {
		return e.varID
	}
	return o.Name() + "|" + types.TypeString(o.Type(), l.unitQualifier)
}

// unitQualifier writes session types with the path of their unit.
func (l *lowering) unitQualifier(p *types.Package) string {
	if p.Path() != sessionPath {
		return p.Path()
	}
	if p == l.pkg {
		return "cell/" + hashMark
	}
	return "cell/" + l.s.units[p]
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// function writes a reference to a package-level function of the session.
func (l *lowering) function(f *types.Func) string {
	f = f.Origin()
	if l.fn != nil {
		l.fn.calls[f] = true
	}
	sig := f.Signature()
	hash := l.unitOf(f)
	if sig.TypeParams().Len() > 0 {
		if hash == "" {
			return "G_" + f.Name()
		}
		return l.unitAliasOf(hash) + ".G_" + f.Name()
	}
	if hash == "" {
		return funcName(f.Name())
	}
	l.unitAliasOf(hash)
	name := prefix + "f_" + hash[:8] + "_" + f.Name()
	if !l.done[name] {
		l.done[name] = true
		decl := fmt.Sprintf("\n//go:linkname %s cell/%s.%s\nfunc %s%s\n", name, hash, funcName(f.Name()), name, l.signature(sig))
		l.head.WriteString(decl)
	}
	return name
}

// typeName writes a type of the session by the name the user gave it, which is
// declared as an alias if another unit declares the type. Embedded fields keep
// their names that way.
func (l *lowering) typeName(o *types.TypeName) string {
	hash := l.unitOf(o)
	if l.fn != nil {
		l.fn.calls[o] = true
	}
	if hash == "" {
		return o.Name()
	}
	if own := l.pkg.Scope().Lookup(o.Name()); own != nil && own != types.Object(o) {
		return l.genericName(o) // the cell declares another thing of that name
	}
	l.alias(o, o.Name(), hash)
	return o.Name()
}

// genericName writes a type of the session by a name that nothing hides.
func (l *lowering) genericName(o *types.TypeName) string {
	hash := l.unitOf(o)
	if hash == "" {
		return "T_" + o.Name()
	}
	return l.unitAliasOf(hash) + ".T_" + o.Name()
}

// alias declares name as an alias of another unit's type.
func (l *lowering) alias(o *types.TypeName, name, hash string) {
	key := "type " + name
	if l.done[key] {
		return
	}
	l.done[key] = true
	params, args := l.typeParams(o.Type())
	fmt.Fprintf(&l.head, "type %s%s = %s.T_%s%s\n", name, params, l.unitAliasOf(hash), o.Name(), args)
}
