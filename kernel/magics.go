package kernel

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gopar-project/gopar/display"
)

// magic is one % command. It adds to the plan of its cell: Go source in its own
// place, or something that the kernel does.
type magic struct {
	usage string // "%time STATEMENT"
	help  string // one sentence
	// example is what to type; %help shows it.
	example string
	options []option
	// line is the form %name in a line of its own, cell the form %%name on the
	// first line, which takes the rest of the cell. Nil: there is no such form.
	line, cell func(*invocation) error
	// goArgs says that what follows a line magic's options is Go, goBody that a
	// cell magic's body is; both are completed as such.
	goArgs, goBody bool
	// bare says that the cell form needs no lines after the first.
	bare bool
}

// invocation is one magic as it stands in a cell.
type invocation struct {
	magic
	name string
	args string // after the name, without surrounding blanks
	body string // of a cell magic: the lines after the first
	// column is where args begin in their line, counted in bytes from 1.
	column int
	place  place
	plan   *plan
}

// place is a position in a cell, counted from 1.
type place struct{ cell, line, column int }

// errorf returns an error with the magic's position and its usage.
func (i *invocation) errorf(format string, args ...any) error {
	return i.place.errorf("%s\nusage: %s", fmt.Sprintf(format, args...), i.usage)
}

func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("cell %d:%d:%d: %s", p.cell, p.line, p.column, fmt.Sprintf(format, args...))
}

// plan is what a cell does: its steps in order.
type plan struct {
	steps []step
	mode  Mode // of the Go code that is added
	cell  int  // N of In[N]
	known func(name string) bool
	table map[string]magic
	shown string // the text of the whole cell
}

// step is a part of a cell: Go code, or something that the kernel does.
type step struct {
	code string
	mode Mode
	act  func(ctx context.Context, k *Kernel, e *execution) Outcome
	// silent says that act has no result of its own: that of the step before
	// remains the cell's.
	silent bool
	// shown says that the result is shown also when it is not the cell's last.
	shown bool
	// quoted is the text that errors of code quote.
	quoted string
}

// newPlan returns the plan of a cell. Known reports whether a name is declared
// in the session. The error names a position.
func newPlan(code string, cell int, mode Mode, known func(string) bool) (*plan, error) {
	return planWith(magics, code, cell, mode, known)
}

// planWith is newPlan with a table of magics.
func planWith(table map[string]magic, code string, cell int, mode Mode, known func(string) bool) (*plan, error) {
	p := &plan{mode: mode, cell: cell, known: known, table: table, shown: code}
	name, args, body, ok := cellMagic(code)
	if !ok {
		return p, p.addGo(code, 1)
	}
	line := 1 + strings.Count(code[:strings.Index(code, "%%")], "\n")
	i := &invocation{name: name, args: args, body: body, place: place{cell, line, 1}, plan: p}
	i.column = 1 + strings.Index(code[strings.Index(code, "%%"):], args)
	m, ok := table[name]
	switch {
	case !ok:
		return nil, i.unknown("%%")
	case m.cell == nil:
		i.magic = m
		return nil, i.errorf("%%%%%s does not take a whole cell", name)
	}
	i.magic = m
	return p, m.cell(i)
}

// addGo adds Go code, which may hold line magics; its first line is line of the
// cell.
func (p *plan) addGo(code string, line int) error {
	found := lineMagics(code, p.known)
	var chunk strings.Builder
	chunk.WriteString(strings.Repeat("\n", line-1))
	at := 0
	flush := func(next int) {
		p.code(chunk.String(), p.mode)
		chunk.Reset()
		chunk.WriteString(strings.Repeat("\n", next-1))
	}
	for _, f := range found {
		chunk.WriteString(code[at:f.start])
		at = f.end
		i := &invocation{name: f.name, args: f.args, place: place{p.cell, line + f.line, f.column}, plan: p}
		i.column = f.column + strings.LastIndex(code[f.start:f.end], f.args)
		m, ok := p.table[f.name]
		i.magic = m
		switch {
		case f.nested:
			return i.place.errorf("a command stands outside of blocks, in a line of its own")
		case f.shell:
			flush(line + f.line)
			if command, list := strings.CutPrefix(f.args, "!"); list {
				p.do(shellList(command))
			} else {
				p.do(shellAct(f.args))
			}
		case f.double:
			return i.place.errorf("%%%%%s must be the first line of its cell", f.name)
		case !ok:
			return i.unknown("%")
		case m.line == nil:
			return i.errorf("%%%s takes a whole cell: %%%%%s", f.name, f.name)
		default:
			flush(line + f.line)
			if err := m.line(i); err != nil {
				return err
			}
		}
	}
	chunk.WriteString(code[at:])
	p.code(chunk.String(), p.mode)
	return nil
}

// code adds Go code as a step, unless it is blank and not all there is.
func (p *plan) code(code string, mode Mode) {
	if strings.TrimSpace(code) != "" {
		p.steps = append(p.steps, step{code: code, mode: mode, quoted: p.shown})
	}
}

// do adds something that the kernel does.
func (p *plan) do(act func(ctx context.Context, k *Kernel, e *execution) Outcome) {
	p.steps = append(p.steps, step{act: act})
}

// doSilently adds something that has no result.
func (p *plan) doSilently(act func(ctx context.Context, k *Kernel, e *execution) Outcome) {
	p.steps = append(p.steps, step{act: act, silent: true})
}

// runCell plans and runs a cell. Steps end with the first error; the result is
// the last step's.
func (k *Kernel) runCell(ctx context.Context, e *execution) Outcome {
	k.mu.Lock()
	mode := k.mode
	k.mu.Unlock()
	p, err := newPlan(e.content.Code, e.number, mode, k.isDeclared)
	if err != nil {
		return Outcome{Error: &Error{Name: "MagicError", Value: err.Error(), Traceback: strings.Split(err.Error(), "\n")}}
	}
	return k.runSteps(ctx, e, p.steps)
}

// runSteps runs steps until one fails. The result is that of the last.
func (k *Kernel) runSteps(ctx context.Context, e *execution, steps []step) Outcome {
	var total Outcome
	for n, s := range steps {
		if len(steps) > 1 && e.isInterrupted() {
			return Outcome{Error: &Error{Name: "Interrupted", Value: "the cell was interrupted"}}
		}
		o := k.runStep(ctx, e, s)
		total.Payload = append(total.Payload, o.Payload...)
		if total.Metadata == nil {
			total.Metadata = o.Metadata
		} else {
			maps.Copy(total.Metadata, o.Metadata)
		}
		if total.Error = o.Error; o.Error != nil {
			return total
		}
		if !s.silent {
			total.Value = o.Value
		}
		if s.shown && o.Value != nil && n < len(steps)-1 {
			k.sink.Display(e.id, display.Message{Type: display.DisplayData, Data: o.Value})
		}
	}
	return total
}

func (k *Kernel) runStep(ctx context.Context, e *execution, s step) Outcome {
	if s.act != nil {
		return s.act(ctx, k, e)
	}
	began := time.Now()
	o := k.evaluator.Execute(ctx, Cell{
		MsgID: e.id, Code: s.code, Number: e.number, Silent: e.content.Silent, AllowStdin: e.content.AllowStdin, Mode: s.mode,
		Shown: s.quoted,
	})
	if how, ok := o.Metadata[MetadataKey].(map[string]any); ok {
		e.mode, _ = how["mode"].(string)
		if ran, ok := how["seconds"].(float64); ok {
			e.prepared += max(0, time.Since(began)-time.Duration(ran*float64(time.Second)))
		}
	}
	return o
}

// isDeclared reports whether the session has a name.
func (k *Kernel) isDeclared(name string) bool {
	_, found := k.evaluator.Inspect(name, len([]rune(name)), 0)
	return found
}

// unknown returns the error of a name that is no magic, with the nearest one
// that is.
func (i *invocation) unknown(prefix string) error {
	best, distance := "", 3
	for _, name := range slices.Sorted(maps.Keys(i.plan.table)) {
		if d := editDistance(i.name, name); d < distance {
			best, distance = name, d
		}
	}
	if i.name == "" {
		return i.place.errorf("a command's name must follow %s; %%help lists them", prefix)
	}
	if best == "" {
		return i.place.errorf("unknown command %s%s; %%help lists them", prefix, i.name)
	}
	return i.place.errorf("unknown command %s%s; did you mean %s%s? %%help lists them", prefix, i.name, prefix, best)
}

// editDistance returns how many letters must be added, removed, changed or
// swapped with the next.
func editDistance(a, b string) int {
	before, above := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(above[j]+cost, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above = above, row
	}
	return above[len(b)]
}
