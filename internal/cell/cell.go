package cell

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gopar-project/gopar/internal/interp"
	"github.com/gopar-project/gopar/internal/native"
)

// Cell is a checked cell, ready to be built and run.
type Cell struct {
	// Unit is what to build and load; nil when the cell needs no code of its own.
	Unit *native.Unit
	// Run reports whether Unit has something to execute besides declarations.
	Run bool
	// Script is the interpreted form of a straight-line cell, nil if the cell must
	// be compiled.
	Script *interp.Script
	// Deps are the hashes of earlier units that Script refers to.
	Deps []string
	// Rebuilt names the functions and types of earlier cells that are declared anew
	// because something they use changed.
	Rebuilt []string
	// Outdated names those that do not fit what changed and keep the old meaning of
	// it.
	Outdated []string
	// Dropped names methods of earlier cells, as T.Method, that do not fit a type
	// that is declared anew: it does not have them.
	Dropped []string
	// Notes are what else the user is to be told, a line each.
	Notes []string

	src     *source
	name    string
	text    string
	checker *checker
	low     *lowering

	packages []*userPackage // that the cell makes, or makes anew; Unit is the first's
	follow   *Cell          // what uses them, made anew; nil: nothing does

	vetted    atomic.Bool // Vet has said what it has to say
	committed bool
	uses      map[string]*entity // session names it depends on, for re-runs
	defines   map[string]*entity // names it defined
	imports   map[string]string
}

// FileID is the file name that compiled code has for the cell's text.
func (c *Cell) FileID() string { return c.src.id }

// current reports whether running the cell again means the same as before: every
// name it uses or defines still is what it was.
func (c *Cell) current(s *Session) bool {
	for name, e := range c.uses {
		if s.entities[name] != e {
			return false
		}
	}
	for name, e := range c.defines {
		if s.entities[name] != e {
			return false
		}
	}
	return maps.Equal(c.imports, s.imports)
}

// rebuilt names what is carried, without what the cell itself declares.
func (c *checker) rebuilt() []string {
	own := map[string]bool{}
	for _, d := range c.decls {
		own[d.name] = true
	}
	set := map[string]bool{}
	for _, d := range c.carried {
		if !own[d.name] {
			set[d.name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// describe records which session names the cell depends on.
func (c *Cell) describe() {
	c.uses = map[string]*entity{}
	for _, o := range c.checker.info.Uses {
		if e := c.checker.s.byObj[originOf(o)]; e != nil {
			c.uses[e.name] = e
		}
	}
}

func originOf(o types.Object) types.Object {
	if f, ok := o.(*types.Func); ok {
		return f.Origin()
	}
	return o
}

// Commit makes the cell's declarations the session's. It is called when the unit
// has been built, before it runs: what a cell declares stays declared when its
// statements fail.
func (s *Session) Commit(c *Cell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commit(c)
}

func (s *Session) commit(c *Cell) {
	s.files[c.src.id] = c.name
	s.texts[c.src.id] = c.text
	if c.committed {
		return
	}
	c.committed = true
	if c.packages != nil {
		s.commitPackages(c)
		if c.follow != nil {
			s.commit(c.follow)
		}
		return
	}
	k := c.checker
	hash := ""
	if c.Unit != nil {
		hash = c.Unit.Hash
	}
	s.units[k.pkg] = hash
	for key, name := range c.low.structs {
		s.structs[strings.ReplaceAll(key, hashMark, hash)] = structHome{hash, name}
	}
	maps.Copy(s.imports, k.imports)
	c.defines = map[string]*entity{}
	s.commitDecls(c, hash)
	s.commitC(c, hash)
	s.commitVars(c, hash)
	for name := range c.defines {
		delete(c.uses, name)
		delete(s.lost, name)
	}
	for _, d := range k.kept {
		c.uses[d.name] = s.entities[d.name]
	}
	c.imports = maps.Clone(s.imports)
	s.remember(c)
}

// memoLimit bounds how many checked cells are kept for quick re-runs.
const memoLimit = 256

func (s *Session) remember(c *Cell) {
	if c.src.cgo != nil && strings.Contains(c.text, "#include \"") {
		return // the file may change
	}
	if len(s.memos) >= memoLimit {
		clear(s.memos)
	}
	s.memos[c.text] = c
}

// commitDecls makes entities of functions, types and constants.
func (s *Session) commitDecls(c *Cell, hash string) {
	k := c.checker
	scope := k.pkg.Scope()
	all := slices.Concat(k.decls, k.carried)
	for _, d := range all {
		if d.method() != "" {
			continue
		}
		names := []string{d.name}
		if g, ok := d.node.(*ast.GenDecl); ok {
			names = constNames(g)
		}
		for _, name := range names {
			obj := scope.Lookup(name)
			if obj == nil || name == "_" {
				continue
			}
			e := &entity{name: name, obj: obj, unit: hash, cell: d.src.name, decl: d}
			if f, ok := d.node.(*ast.FuncDecl); ok {
				e.leaf = c.low.leaf(f)
			}
			e.reads = c.resolveIDs(c.low.readsOf(obj), hash)
			s.byObj[obj] = e
			s.entities[name] = e
			c.defines[name] = e
			delete(s.imports, name)
		}
	}
	for _, d := range all {
		if e := s.entities[d.name]; d.method() != "" && e != nil && e.unit == hash {
			e.meths = append(e.meths, d)
		}
	}
	for _, d := range all {
		d.seen = s.seenBy(d, k)
	}
}

// seenBy lists the session's names that a declaration uses and what they are.
func (s *Session) seenBy(d *decl, k *checker) map[string]*entity {
	seen := map[string]*entity{}
	ast.Inspect(d.node, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		o := k.info.Uses[id]
		if o == nil {
			return true
		}
		o = originOf(o)
		if o.Parent() == k.pkg.Scope() || s.byObj[o] != nil {
			if e := s.entities[o.Name()]; e != nil {
				seen[o.Name()] = e
			}
		}
		return true
	})
	return seen
}

// commitVars makes entities of the variables the cell defines and of those it
// carries over to a type declared anew.
func (s *Session) commitVars(c *Cell, hash string) {
	k := c.checker
	add := func(name string) {
		obj := k.pkg.Scope().Lookup(name)
		if obj == nil || name == "_" {
			return
		}
		id := strings.ReplaceAll(c.low.varID(obj), hashMark, hash)
		if old := s.entities[name]; old != nil && old.varID == id {
			s.byObj[obj] = old
			c.defines[name] = old
			return
		}
		e := &entity{name: name, obj: obj, varID: id, cell: c.name}
		s.byObj[obj] = e
		s.entities[name] = e
		c.defines[name] = e
		delete(s.imports, name)
	}
	for _, st := range k.steps {
		if st.spec != nil {
			for _, n := range st.spec.names {
				add(n.Name)
			}
		}
	}
	for _, v := range k.carryOver {
		add(v.from.name)
	}
	// Variables are seen by declarations that were committed before them.
	for _, d := range slices.Concat(k.decls, k.carried) {
		d.seen = s.seenBy(d, k)
	}
}

// resolveIDs replaces the unit's placeholder in variable ids.
func (c *Cell) resolveIDs(ids []string, hash string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strings.ReplaceAll(id, hashMark, hash)
	}
	return out
}
