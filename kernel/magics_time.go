package kernel

import (
	"context"
	"strings"
	"time"
)

// timeLine is %time STATEMENT.
func timeLine(i *invocation) error {
	if i.args == "" {
		return i.errorf("there is nothing to time")
	}
	return i.plan.timed(i.placed(), i.place.line)
}

// timeCell is %%time and the cell below it; what follows %%time is part of it.
func timeCell(i *invocation) error {
	return i.plan.timed(i.placed()+"\n"+i.body, i.place.line)
}

// placed is what follows the command's name, at the column where it stands, so that
// errors point there.
func (i *invocation) placed() string {
	return strings.Repeat(" ", max(i.column-1, 0)) + i.args
}

// notable is how long the preparation of code takes before %time tells of it.
const notable = 10 * time.Millisecond

// timed adds code between the start and the stop of a clock, which stands while the code is checked and built.
func (p *plan) timed(code string, line int) error {
	var start time.Time
	var before time.Duration
	p.doSilently(func(_ context.Context, _ *Kernel, e *execution) Outcome {
		start, before = time.Now(), e.prepared
		return Outcome{}
	})
	if err := p.addGo(code, line); err != nil {
		return err
	}
	p.doSilently(func(_ context.Context, k *Kernel, e *execution) Outcome {
		build := e.prepared - before
		text := "wall time: " + roundTime(time.Since(start)-build).String()
		if e.mode != "" {
			text += " (" + e.mode + ")"
		}
		if build >= notable {
			text += ", after " + build.Round(time.Millisecond).String() + " of checking and building"
		}
		k.sink.Output(e.id, "stdout", []byte(text+"\n"))
		return Outcome{}
	})
	return nil
}

// roundTime keeps three digits or so.
func roundTime(d time.Duration) time.Duration {
	unit := time.Nanosecond
	for d/unit >= 10000 {
		unit *= 10
	}
	return d.Round(unit)
}

// modeLine is %native STATEMENT, or %native alone for the cells to come.
func modeLine(mode Mode) func(*invocation) error {
	return func(i *invocation) error {
		if i.args == "" {
			i.plan.doSilently(func(_ context.Context, k *Kernel, _ *execution) Outcome {
				k.mu.Lock()
				defer k.mu.Unlock()
				k.mode = mode
				return Outcome{}
			})
			return nil
		}
		if mode == ModeAuto {
			return i.errorf("%%auto takes nothing")
		}
		return i.plan.within(mode, i.placed(), i.place.line)
	}
}

// modeCell is %%native and the cell below it.
func modeCell(mode Mode) func(*invocation) error {
	return func(i *invocation) error {
		if strings.TrimSpace(i.args+i.body) == "" {
			return i.errorf("there is no code below")
		}
		return i.plan.within(mode, i.placed()+"\n"+i.body, i.place.line)
	}
}

// within adds code that runs in mode.
func (p *plan) within(mode Mode, code string, line int) error {
	outer := p.mode
	p.mode = mode
	defer func() { p.mode = outer }()
	return p.addGo(code, line)
}
