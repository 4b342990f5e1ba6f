package kernel

import (
	"strings"
	"sync"
	"time"

	"github.com/gopar-project/gopar/display"
)

// compilingNotice is what a cell shows while it is built for longer than a moment.
const compilingNotice = "compiling…"

// patience is how long a cell is built without a word about it.
const patience = time.Second

// tellCompiling says that a cell is being compiled if that takes longer than the
// evaluator's patience. What it returns takes that back; it must be called before
// the cell runs.
//
// Terminals erase the line because it is overwritten, notebooks because the output
// is cleared; what was shown while modules were fetched is kept.
func (g *GoEvaluator) tellCompiling(c Cell) (end func()) {
	g.mu.Lock()
	sink := g.sink
	g.mu.Unlock()
	if sink == nil || c.Silent || g.config.Patience < 0 {
		return func() {}
	}
	wait := g.config.Patience
	if wait == 0 {
		wait = patience
	}
	var mu sync.Mutex
	told, over := false, false
	timer := time.AfterFunc(wait, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			told = true
			sink.Output(c.MsgID, "stderr", []byte(compilingNotice))
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
		if !told {
			return
		}
		sink.Output(c.MsgID, "stderr", []byte("\r"+strings.Repeat(" ", len([]rune(compilingNotice)))+"\r"))
		if !g.spoke(c.MsgID) {
			sink.Display(c.MsgID, display.Message{Type: display.ClearOutput})
		}
	}
}

// spoke reports whether something else was said of the cell before it ran.
func (g *GoEvaluator) spoke(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.saidOf == id
}
