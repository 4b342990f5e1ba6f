package kernel

import (
	"errors"
	"slices"
	"sync"

	"github.com/gopar-project/gopar/internal/cell"
	"github.com/gopar-project/gopar/internal/eval"
	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/runner"
)

// NoToolchain is the Toolchain of an EvaluatorConfig that compiles nothing.
const NoToolchain = "none"

// errNoToolchain is why cells are not compiled with NoToolchain.
var errNoToolchain = errors.New("this kernel was started with --toolchain=none: cells are interpreted as far as that is exact")

// interpreted is what a kernel without a toolchain keeps of the session: the units,
// checked here, which every runner gets once.
type interpreted struct {
	mu     sync.Mutex
	loader *eval.Loader
	units  []eval.Unit    // in order; guarded by mu, like all below
	last   *runner.Runner // who got the first sent of them
	sent   int
}

// openInterpreter prepares for cells that are not compiled; it is a part of prepare.
func (g *GoEvaluator) openInterpreter(c *cell.Config) {
	l, err := eval.NewLoader()
	if err != nil {
		g.toolsErr = errors.Join(g.toolsErr, err)
		return
	}
	g.interp = &interpreted{loader: l}
	c.Export, c.Packages = eval.Export, eval.Packages()
}

// load translates the units of a checked cell, or says where and why it cannot.
func (i *interpreted) load(checked *cell.Cell, name string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, u := range checked.Units() {
		unit := eval.Unit{Hash: u.Hash, Source: u.Source}
		err := i.loader.Load(unit)
		var refusal *eval.Refusal
		if errors.As(err, &refusal) {
			pos := refusal.Pos
			pos.Filename = name
			return cell.Errors{{Pos: pos, Msg: refusal.Error()}}
		}
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(i.units, func(k eval.Unit) bool { return k.Hash == unit.Hash }) {
			i.units = append(i.units, unit)
		}
	}
	return nil
}

// unsent returns the units that a runner does not have yet, which it is about to get.
func (i *interpreted) unsent(r *runner.Runner) []eval.Unit {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.last != r {
		i.last, i.sent = r, 0
	}
	units := i.units[i.sent:]
	i.sent = len(i.units)
	return units
}

// reset forgets the session.
func (i *interpreted) reset() error {
	l, err := eval.NewLoader()
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.loader, i.units, i.last, i.sent = l, nil, nil, 0
	return nil
}

// wantsInterpreter reports whether cells are to be interpreted: there is no toolchain,
// or none is wanted. One that does not fit is an error that says what to do.
func (g *GoEvaluator) wantsInterpreter() bool {
	return g.tools == nil && (g.config.Toolchain == NoToolchain || errors.Is(g.toolsErr, native.ErrNoToolchain))
}
