package kernel

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/runner"
)

// Keeper is implemented by an Evaluator whose cells may leave goroutines behind,
// for %goroutines.
type Keeper interface {
	// Goroutines lists what cells that have ended left behind. With stop, they are
	// told to end first, and only those that did not end yet are listed.
	Goroutines(ctx context.Context, stop bool) ([]Goroutine, error)
}

// Goroutine is one goroutine that a cell left behind.
type Goroutine struct {
	ID    int64
	Cell  string // "cell 3"; empty: it runs no code of a cell at the moment
	State string // the runtime's word: "running", "chan receive", "sleep", …
	Line  int    // of the cell, 0 with an empty Cell
	Func  string // the function of the cell, empty at top level
	// Stopped says that it was told to end, and does so as soon as it runs code of
	// a cell.
	Stopped bool
}

// Goroutines implements Keeper.
func (g *GoEvaluator) Goroutines(ctx context.Context, stop bool) ([]Goroutine, error) {
	<-g.ready
	r, err := g.live(ctx)
	if err != nil {
		return nil, err
	}
	var left []runner.Goroutine
	if stop {
		left, err = r.StopGoroutines(ctx, "")
	} else {
		left, err = r.Goroutines(ctx, "")
	}
	if err != nil {
		return nil, err
	}
	all := make([]Goroutine, 0, len(left))
	for _, l := range left {
		one := Goroutine{ID: l.ID, State: l.State, Stopped: l.Stopped}
		if len(l.Frames) > 0 {
			f := l.Frames[0]
			one.Cell, one.Line, one.Func = g.session.FileName(f.File), f.Line, f.Func
		}
		all = append(all, one)
	}
	return all, nil
}

// goroutinesLine is %goroutines and %goroutines stop.
func goroutinesLine(i *invocation) error {
	if i.args != "" && i.args != "stop" {
		return i.errorf("stop, or nothing")
	}
	stop, place := i.args == "stop", i.place
	i.plan.do(func(ctx context.Context, k *Kernel, _ *execution) Outcome {
		keeper, ok := k.evaluator.(Keeper)
		if !ok {
			return Outcome{Error: &Error{Name: "MagicError", Value: place.errorf("this session cannot list goroutines").Error()}}
		}
		all, err := keeper.Goroutines(ctx, stop)
		if err != nil {
			return Outcome{Error: &Error{Name: "MagicError", Value: err.Error()}}
		}
		return Outcome{Value: goroutineTable(all)}
	})
	return nil
}

// maxListed is how many goroutines are listed one by one.
const maxListed = 200

// goroutineTable shows goroutines in lines.
func goroutineTable(all []Goroutine) display.Bundle {
	if len(all) == 0 {
		return display.Text("no goroutines of cells")
	}
	var b strings.Builder
	for n, g := range all {
		if n == maxListed {
			fmt.Fprintf(&b, "… and %d more\n", len(all)-n)
			break
		}
		where := "in a library"
		if g.Cell != "" {
			where = strings.TrimSpace(g.Cell + ":" + strconv.Itoa(g.Line) + "  " + g.Func)
		}
		state := g.State
		if g.Stopped {
			state += ", stopping when it comes back"
		}
		fmt.Fprintf(&b, "goroutine %d  %s  [%s]\n", g.ID, where, state)
	}
	return display.Text(strings.TrimSuffix(b.String(), "\n"))
}
