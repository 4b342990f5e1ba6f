package kernel

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gopar-project/gopar/internal/cell"
	"github.com/gopar-project/gopar/internal/native"
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
func (g *GoEvaluator) Tests(name, code string) (Program, error) {
	<-g.ready
	if g.tools == nil {
		return Program{}, g.toolsErr
	}
	p, err := cell.Tests(g.record.config, append(g.record.list(), cell.Input{Name: name, Text: code}))
	if err != nil {
		return Program{}, err
	}
	return g.program(p)
}

const goparModule = "github.com/gopar-project/gopar"

// program adds the module that a program's imports need.
func (g *GoEvaluator) program(p *cell.Program) (Program, error) {
	out := Program{Source: p.Source, Test: p.Test}
	usesGopar := slices.ContainsFunc(p.Imports, func(path string) bool { return strings.HasPrefix(path, goparModule+"/") })
	if !usesGopar {
		return out, nil
	}
	exe := g.config.Native.Exe
	if exe == "" {
		var err error
		if exe, err = os.Executable(); err != nil {
			return out, err
		}
	}
	source, err := native.FindSource(g.config.Native.Source, exe)
	if err != nil {
		return out, err
	}
	own, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return out, err
	}
	_, requires, _ := strings.Cut(string(own), "\nrequire")
	out.Module = fmt.Appendf(nil, "module notebook\n\ngo 1.26\n\nrequire %s v0.0.0\n\nreplace %[1]s => %s\n\nrequire%s", goparModule, source, requires)
	out.Sum, err = os.ReadFile(filepath.Join(source, "go.sum"))
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
