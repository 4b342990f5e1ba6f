package kernel

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/gopar-project/gopar/internal/cell"
)

// record is what a session ran, for Export: the text of every cell, in order.
type record struct {
	config cell.Config // set before the first cell

	mu    sync.Mutex
	cells []cell.Input
	texts map[string]string // so that a cell that runs often is kept once
}

// add notes a cell and returns the function that tells how it ended.
func (r *record) add(name string, c Cell) (ended func(failed bool)) {
	if c.Aside || c.Number == 0 {
		return func(bool) {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	text, known := r.texts[c.Code]
	if !known {
		if r.texts == nil {
			r.texts = map[string]string{}
		}
		text = c.Code
		r.texts[text] = text
	}
	r.cells = append(r.cells, cell.Input{Name: name, Text: text})
	n := len(r.cells) - 1
	return func(failed bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if n < len(r.cells) {
			r.cells[n].Failed = failed
		}
	}
}

func (r *record) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cells, r.texts = nil, nil
}

func (r *record) list() []cell.Input {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.cells)
}

// Export implements Exporter.
func (g *GoEvaluator) Export() (Program, error) {
	<-g.ready
	if g.tools == nil {
		return Program{}, g.toolsErr
	}
	p, err := cell.Export(g.record.config, g.record.list())
	if err != nil {
		return Program{}, err
	}
	return g.program(p)
}

// Tests implements Exporter.
func (g *GoEvaluator) Tests(ctx context.Context, id, name, code string) (Program, *Error) {
	<-g.ready
	if g.tools == nil {
		return Program{}, plainError("no toolchain", g.toolsErr)
	}
	if err := g.fetch(ctx, name, Cell{MsgID: id, Code: code}); err != nil {
		return Program{}, err
	}
	p, err := cell.Tests(g.record.config, append(g.record.list(), cell.Input{Name: name, Text: code}))
	if err != nil {
		return Program{}, g.checkError(name, code, err)
	}
	out, err := g.program(p)
	if err != nil {
		return Program{}, plainError("modules", err)
	}
	return out, nil
}

// program adds the modules that a program's imports need, in the versions of the
// notebook.
func (g *GoEvaluator) program(p *cell.Program) (Program, error) {
	out := Program{Source: p.Source, Test: p.Test, Packages: p.Packages}
	if g.modules == nil {
		return out, nil
	}
	var err error
	out.Module, out.Sum, err = g.modules.Program(p.Imports)
	return out, err
}

// Vet implements Exporter.
func (g *GoEvaluator) Vet() (Program, error) {
	<-g.ready
	if g.tools == nil {
		return Program{}, g.toolsErr
	}
	p, err := cell.ExportLines(g.record.config, g.record.list())
	if err != nil {
		return Program{}, err
	}
	return g.program(p)
}

// Go implements Exporter.
func (g *GoEvaluator) Go() string {
	<-g.ready
	if g.tools == nil {
		return "go"
	}
	return g.tools.Go()
}

// measureImport makes what the magics call known to a cell, under a name that no
// user's name collides with.
const measureImport = `import gopar_measure "github.com/gopar-project/gopar/internal/measure"; `

// Environ implements Placed.
func (g *GoEvaluator) Environ(ctx context.Context) (dir string, env []string) {
	out := g.Execute(ctx, Cell{Code: measureImport + "gopar_measure.Place()", Aside: true})
	var place []string
	if err := json.Unmarshal([]byte(out.Value.Text()), &place); err != nil || len(place) == 0 {
		return g.Dir(), nil
	}
	return place[0], place[1:]
}

// Forget implements Forgetter.
func (g *GoEvaluator) Forget(names []string) (unknown []string) {
	<-g.ready
	return g.session.Forget(names)
}
