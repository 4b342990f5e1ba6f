package kernel

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/cell"
	"github.com/gopar-project/gopar/internal/modules"
)

// Modular is implemented by an Evaluator whose cells import packages of modules,
// for %mod and %get.
type Modular interface {
	// Modules waits for the session and returns its modules; an error says why there
	// are none.
	Modules(ctx context.Context) (*modules.Notebook, error)
}

// Modules implements Modular.
func (g *GoEvaluator) Modules(ctx context.Context) (*modules.Notebook, error) {
	select {
	case <-g.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if g.modules == nil {
		return nil, g.toolsErr
	}
	return g.modules, nil
}

// openModules finds the modules of the notebook; it is a part of prepare.
func (g *GoEvaluator) openModules(c *cell.Config) {
	n, err := modules.Open(modules.Config{Dir: g.config.Dir, Tools: g.tools, Log: g.config.Log})
	if err != nil {
		g.log.Error(err, "modules cannot be imported")
		return
	}
	g.modules = n
	c.Modules, c.BuildID, c.CompiledPath = g.tools.ModulePackages, g.tools.BuildID, g.tools.CompiledPath
}

// fetch makes the packages available that a cell imports from modules. What it
// does is told on the cell's standard error.
func (g *GoEvaluator) fetch(ctx context.Context, name string, c Cell) *Error {
	if g.modules == nil || c.Aside { // a command's own code imports gopar's packages
		return nil
	}
	imports := slices.DeleteFunc(cell.Imports(name, c.Code), func(im cell.Import) bool { return g.session.IsPackage(im.Path) })
	if len(imports) == 0 {
		return nil
	}
	paths := make([]string, len(imports))
	for i, im := range imports {
		paths[i] = im.Path
	}
	err := g.modules.Import(ctx, paths, func(line string) { g.say(c.MsgID, line) })
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return interrupted().Error
	}
	return g.checkError(name, c.Code, g.importErrors(imports, err))
}

// importErrors puts an error of modules at the imports that it is about.
func (g *GoEvaluator) importErrors(imports []cell.Import, err error) error {
	var said *modules.Error
	if !errors.As(err, &said) {
		return err
	}
	var errs cell.Errors
	for _, im := range imports {
		if !g.tools.Provides(im.Path) && strings.Contains(said.Msg, im.Path) {
			errs = append(errs, cell.Error{Pos: im.Pos, Msg: said.Error()})
		}
	}
	if len(errs) == 0 { // about something that an import needs
		for _, im := range imports {
			if !g.tools.Provides(im.Path) {
				errs = append(errs, cell.Error{Pos: im.Pos, Msg: said.Error()})
				break
			}
		}
	}
	if len(errs) > 1 { // one message for all: once
		errs = errs[:1]
	}
	return errs
}

// say prints a line on a cell's standard error.
func (g *GoEvaluator) say(id, line string) {
	g.mu.Lock()
	sink := g.sink
	g.saidOf = id
	g.mu.Unlock()
	if sink != nil {
		sink.Output(id, "stderr", []byte(line+"\n"))
	}
}
