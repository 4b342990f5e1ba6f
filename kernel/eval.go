package kernel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/cell"
	"github.com/gopar-project/gopar/internal/interp"
	"github.com/gopar-project/gopar/internal/modules"
	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/runner"
)

// EvaluatorConfig says how a GoEvaluator finds its parts. The zero value works in
// an installed gopar.
type EvaluatorConfig struct {
	// Native is where the toolchain and the cache of built units are.
	Native native.Options
	// Runner says how the process that runs the cells is started. Its Sink is set
	// by SetSink.
	Runner runner.Config
	// Dir is the notebook's folder, where its modules are pinned. Default: the working
	// directory.
	Dir string
	// Toolchain says with what cells are compiled: NoToolchain interprets them as far as
	// that is exact. Default: the Go toolchain of this machine, NoToolchain without one.
	Toolchain string
	// Patience is how long a cell is compiled before it says so; negative: it never
	// does, for clients that keep all output. Default: 1 s, because a notice that comes
	// and goes at once is noise.
	Patience time.Duration
	// Log receives life events. The zero value discards.
	Log logr.Logger
}

// GoEvaluator is the Evaluator of Go: cells are checked by package cell, built by
// package native and run in the child process that package runner starts. When
// that process dies, the cell that ran gets an error and the next cell finds a new
// one: types, functions and imports are still there, values are not.
type GoEvaluator struct {
	config EvaluatorConfig
	log    logr.Logger
	stop   context.CancelFunc
	ready  chan struct{}  // closed when tools and session are there
	starts sync.WaitGroup // the goroutine that prepares them

	tools    *native.Toolchain // nil when cells cannot be compiled, then toolsErr says why; set before ready is closed
	toolsErr error
	interp   *interpreted      // nil unless cells are interpreted for lack of a toolchain; set before ready is closed
	session  *cell.Session     // set before ready is closed
	modules  *modules.Notebook // nil when cells cannot import modules; set before ready is closed
	record   record            // what ran, for Export

	mu     sync.Mutex
	sink   runner.Sink
	runner *runner.Runner // nil: none was started yet, or the last one has died
	closed bool
	saidOf string             // the cell that say was last called for
	cancel context.CancelFunc // ends the cell that is built or runs; nil: none
}

// NewEvaluator returns an evaluator and starts preparing it; the first cell waits
// for that. Close releases it.
func NewEvaluator(c EvaluatorConfig) *GoEvaluator {
	ctx, stop := context.WithCancel(context.Background()) // detached: lives until Close
	g := &GoEvaluator{config: c, log: c.Log.WithName("evaluator"), stop: stop, ready: make(chan struct{})}
	g.starts.Go(func() { g.prepare(ctx) })
	return g
}

// prepare opens the toolchain and, at the same time, starts the first runner.
func (g *GoEvaluator) prepare(ctx context.Context) {
	var started sync.WaitGroup
	started.Go(func() {
		if _, err := g.live(ctx); err != nil {
			g.log.Error(err, "runner did not start; the next cell tries again")
		}
	})
	if g.toolsErr = errNoToolchain; g.config.Toolchain != NoToolchain {
		g.tools, g.toolsErr = native.Open(ctx, g.config.Native)
	}
	if g.toolsErr != nil {
		g.log.Error(g.toolsErr, "cells that need compiling are refused")
	}
	c := cell.Config{}
	if g.wantsInterpreter() {
		g.openInterpreter(&c)
	}
	if g.tools != nil {
		c.Interpretable = interp.Known
		c.Export, c.Packages, c.SourceDir = g.tools.Export, g.tools.Packages(), g.tools.SourceDir
		c.Cgo, c.Dir = g.tools.Cgo, g.folder()
		g.openModules(&c)
	}
	g.session = cell.NewSession(c)
	g.record.config = c
	close(g.ready)
	started.Wait()
}

// live returns the runner, starting one if there is none.
func (g *GoEvaluator) live(ctx context.Context) (*runner.Runner, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, errors.New("the kernel is closing")
	}
	if g.runner != nil {
		select {
		case <-g.runner.Done():
		default:
			return g.runner, nil
		}
	}
	c := g.config.Runner
	c.Log = g.config.Log
	r, err := runner.Start(ctx, c)
	if err != nil {
		return nil, err
	}
	if g.sink != nil {
		r.SetSink(g.sink)
	}
	g.runner = r
	return r, nil
}

// SetSink implements Evaluator.
func (g *GoEvaluator) SetSink(s runner.Sink) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sink = s
	if g.runner != nil {
		g.runner.SetSink(s)
	}
}

// Execute implements Evaluator.
func (g *GoEvaluator) Execute(ctx context.Context, c Cell) Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g.running(cancel)
	defer g.running(nil)
	select {
	case <-g.ready:
	case <-ctx.Done():
		return interrupted()
	}
	name := c.Name
	if name == "" {
		name = fmt.Sprintf("cell %d", c.Number)
	}
	if strings.TrimSpace(c.Code) == "" {
		return Outcome{}
	}
	if g.tools == nil && g.interp == nil { // without export data nothing can be checked
		return Outcome{Error: plainError("no toolchain", g.toolsErr)}
	}
	if err := g.fetch(ctx, name, c); err != nil {
		return Outcome{Error: err}
	}
	lost := g.noticeDeath()
	checked, err := g.session.Check(name, c.Code)
	if err != nil {
		return Outcome{Error: g.checkError(name, cmp.Or(c.Shown, c.Code), err)}
	}
	if g.interp != nil {
		if err := g.interp.load(checked, name); err != nil {
			return Outcome{Error: g.checkError(name, cmp.Or(c.Shown, c.Code), err)}
		}
	}
	warn := g.vet(checked, c)
	defer warn()
	job, err := g.job(ctx, checked, c)
	if ctx.Err() != nil {
		return interrupted()
	}
	if err != nil {
		return Outcome{Error: buildError(err)}
	}
	g.session.Commit(checked)
	g.announce(c.MsgID, checked, lost)
	ran := g.record.add(name, c)
	if job.Run == "" && job.Script == nil && len(job.Load) == 0 && g.interp == nil {
		return Outcome{}
	}
	if job.Script == nil {
		warn() // it took less than building
	}
	out := g.run(ctx, job, checked)
	ran(out.Error != nil)
	return out
}

// job builds what a checked cell needs and says how to run it.
func (g *GoEvaluator) job(ctx context.Context, checked *cell.Cell, c Cell) (runner.Job, error) {
	job := runner.Job{
		ID: c.MsgID, AllowStdin: c.AllowStdin, Silent: c.Silent,
		Files: map[string]string{checked.FileID(): cmp.Or(c.Name, fmt.Sprintf("cell %d", c.Number))},
	}
	if g.interp != nil {
		if c.Mode == ModeNative {
			return job, g.toolsErr
		}
		if checked.Run && checked.Unit != nil {
			job.Run = checked.Unit.Hash
		}
		return job, nil
	}
	if checked.Script != nil && c.Mode != ModeNative {
		job.Script = checked.Script
		for _, hash := range checked.Deps {
			path, ok := g.tools.ObjectPath(hash)
			if !ok {
				return job, fmt.Errorf("unit %s is not in the cache any more: run the cells that it came from again", hash)
			}
			job.Load = append(job.Load, native.Object{Hash: hash, Path: path})
		}
		return job, nil
	}
	if c.Mode == ModeInterp {
		return job, errors.New("this cell cannot be interpreted: it has to be compiled")
	}
	if checked.Unit == nil {
		return job, nil
	}
	built := g.tellCompiling(c)
	defer built()
	for _, u := range checked.Units() {
		object, err := g.tools.Build(ctx, u)
		if err != nil {
			return job, err
		}
		job.Load = append(job.Load, *object)
	}
	if checked.Run {
		job.Run = checked.Unit.Hash
	}
	return job, nil
}

// run executes a job, and explains its end.
func (g *GoEvaluator) run(ctx context.Context, job runner.Job, checked *cell.Cell) Outcome {
	r, err := g.live(ctx)
	if err != nil {
		return Outcome{Error: plainError("runner error", err)}
	}
	if g.interp != nil {
		job.Interpret = g.interp.unsent(r)
	}
	result, err := r.Run(ctx, job)
	if errors.Is(err, runner.ErrGone) { // it died since the cell was checked
		g.drop(r)
		if lost := g.session.ForgetValues(); len(lost) > 0 {
			return Outcome{Error: plainError("lost values", errors.New(lostText("The process that held the session's values has ended and was replaced.", lost)))}
		}
		return g.run(ctx, job, checked)
	}
	if err != nil {
		if ctx.Err() != nil {
			return interrupted()
		}
		return Outcome{Error: plainError("runner error", err)}
	}
	out := Outcome{Payload: result.Payload, Metadata: g.metadata(job, result)}
	if len(result.Value) > 0 {
		out.Value = result.Value
	}
	if result.Error != nil {
		var lost []string
		if result.Error.Fatal {
			r.Kill() // it may be busy in C code
			<-r.Done()
			g.drop(r)
			lost = g.session.ForgetValues()
		}
		out.Error = g.exception(result.Error, lost)
	}
	return out
}

// drop forgets a runner that has died, or is about to: live starts another.
func (g *GoEvaluator) drop(r *runner.Runner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runner == r {
		g.runner = nil
	}
}

// metadata tells how a cell went, for the reply.
func (g *GoEvaluator) metadata(job runner.Job, result runner.Result) map[string]any {
	mode := ModeNative
	if job.Script != nil || g.interp != nil {
		mode = ModeInterp
	}
	return map[string]any{"gopar": map[string]any{"mode": string(mode), "seconds": result.Ended.Sub(result.Started).Seconds()}}
}

// noticeDeath forgets the values of a runner that died between cells and returns
// their names.
func (g *GoEvaluator) noticeDeath() []string {
	g.mu.Lock()
	r := g.runner
	g.mu.Unlock()
	if r == nil {
		return nil
	}
	select {
	case <-r.Done():
		return g.session.ForgetValues()
	default:
		return nil
	}
}

// announce tells, on standard error, what happened to things of other cells.
func (g *GoEvaluator) announce(id string, checked *cell.Cell, lost []string) {
	var text string
	if len(checked.Rebuilt) > 0 {
		text = "rebuilt with the new declarations: " + strings.Join(checked.Rebuilt, ", ") + "\n"
	}
	if len(checked.Outdated) > 0 {
		text += "still as before, because they do not fit the new declarations: " + strings.Join(checked.Outdated, ", ") + "\n"
	}
	if len(checked.Dropped) > 0 {
		text += "dropped, because they do not fit the new declarations: " + strings.Join(checked.Dropped, ", ") + "\n"
	}
	for _, note := range checked.Notes {
		text += note + "\n"
	}
	if len(lost) > 0 {
		text += lostText("The process that held the session's values had ended and was replaced.", lost) + "\n"
	}
	if text == "" {
		return
	}
	g.mu.Lock()
	sink := g.sink
	g.mu.Unlock()
	if sink != nil {
		sink.Output(id, "stderr", []byte(text))
	}
}

// Expression implements Evaluator.
func (g *GoEvaluator) Expression(ctx context.Context, expr string) (display.Bundle, *Error) {
	out := g.Execute(ctx, Cell{Code: expr, Number: 0})
	return out.Value, out.Error
}

// running sets what ends the cell that runs.
func (g *GoEvaluator) running(cancel context.CancelFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cancel = cancel
}

// Interrupt implements Evaluator.
func (g *GoEvaluator) Interrupt() {
	g.mu.Lock()
	r := g.runner
	if g.cancel != nil {
		g.cancel()
	}
	g.mu.Unlock()
	if r != nil {
		r.Interrupt()
	}
}

// Restart implements Evaluator.
func (g *GoEvaluator) Restart(ctx context.Context) error {
	select {
	case <-g.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	if g.modules != nil {
		g.modules.Reset()
	}
	g.session.Reset()
	if g.interp != nil {
		if err := g.interp.reset(); err != nil {
			return err
		}
	}
	g.record.clear()
	g.mu.Lock()
	r := g.runner
	g.runner = nil
	g.mu.Unlock()
	if r != nil {
		if err := r.Close(ctx); err != nil {
			return err
		}
	}
	_, err := g.live(ctx)
	return err
}

// Close implements Evaluator.
func (g *GoEvaluator) Close(ctx context.Context) error {
	g.stop()
	g.starts.Wait()
	g.mu.Lock()
	r := g.runner
	g.closed, g.runner = true, nil
	g.mu.Unlock()
	if r == nil {
		return nil
	}
	return r.Close(ctx)
}

// Call runs a task of the cluster in the process that holds the session's values,
// beside whatever else runs there.
func (g *GoEvaluator) Call(ctx context.Context, t runner.Task) (runner.TaskResult, error) {
	r, err := g.live(ctx)
	if err != nil {
		return runner.TaskResult{}, err
	}
	return r.Call(ctx, t)
}

// Queue runs a task of the cluster in that process after those queued before; see
// runner.Runner.Queue.
func (g *GoEvaluator) Queue(ctx context.Context, t runner.Task, done func(runner.TaskResult, error)) (*runner.Queued, error) {
	for {
		r, err := g.live(ctx)
		if err != nil {
			return nil, err
		}
		q, err := r.Queue(t, done)
		if !errors.Is(err, runner.ErrGone) {
			return q, err
		}
		select { // it is dying; live then starts another
		case <-r.Done():
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Replace ends the runner, with whatever runs in it, and starts another. The values
// of the session are lost; their names are returned.
func (g *GoEvaluator) Replace(ctx context.Context) ([]string, error) {
	g.mu.Lock()
	r := g.runner
	g.mu.Unlock()
	if r != nil {
		r.Kill()
		select {
		case <-r.Done():
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	<-g.ready
	lost := g.session.ForgetValues()
	_, err := g.live(ctx)
	return lost, err
}

// PID is the process id of the runner, 0 if none runs.
func (g *GoEvaluator) PID() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.runner == nil {
		return 0
	}
	return g.runner.PID()
}

func interrupted() Outcome {
	return Outcome{Error: &Error{Name: "Interrupted", Value: "the cell was interrupted", Traceback: []string{"Interrupted"}}}
}

// startTimeout bounds how long a question waits for the session.
const startTimeout = 5 * time.Second

// names waits for the session, for questions; nil if it takes too long.
func (g *GoEvaluator) names() *cell.Session {
	select {
	case <-g.ready:
		return g.session
	case <-time.After(startTimeout):
		return nil
	}
}
