package kernel

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/display"
)

// timeitOptions are IPython's, but -o takes a name.
var timeitOptions = []option{
	{short: 'n', long: "loops", value: true, help: "loops in each run; default: as many as fit"},
	{short: 'r', long: "runs", value: true, help: "runs; default: 7"},
	{short: 'q', long: "quiet", help: "show nothing"},
	{short: 'o', long: "out", value: true, help: "the variable that gets the result"},
}

// timing is what %timeit and %%timeit time.
type timing struct {
	setup, code   string
	lead          string // the line breaks that put the code into its line
	head          string // what stands before setup
	setupAt       string // line directives
	codeAt, after string
}

// timeitLine is %timeit STATEMENT.
func timeitLine(i *invocation) error {
	values, code, err := parseOptions(i.args, timeitOptions)
	if err != nil {
		return i.errorf("%v", err)
	}
	if strings.TrimSpace(code) == "" {
		return i.errorf("there is nothing to time")
	}
	at := i.lineDirective(i.place.line, i.column+len(i.args)-len(code))
	return i.timeit(values, timing{code: code, codeAt: at, lead: strings.Repeat("\n", i.place.line-1)})
}

// timeitCell is %%timeit SETUP and the lines below it.
func timeitCell(i *invocation) error {
	values, setup, err := parseOptions(i.args, timeitOptions)
	if err != nil {
		return i.errorf("%v", err)
	}
	if strings.TrimSpace(i.body) == "" {
		return i.errorf("there is no code below")
	}
	if len(lineMagics(i.body, i.plan.known)) > 0 {
		return i.errorf("commands cannot be timed")
	}
	return i.timeit(values, timing{
		setup: setup, setupAt: i.lineDirective(i.place.line, i.column+len(i.args)-len(setup)),
		code: i.body, codeAt: i.lineDirective(i.place.line+1, 1), lead: strings.Repeat("\n", i.place.line-1),
	})
}

// lineDirective makes positions that follow it those of the cell.
func (i *invocation) lineDirective(line, column int) string {
	return fmt.Sprintf("/*line cell %d:%d:%d*/", i.place.cell, line, column)
}

// timeit adds the loops. The value of an expression is kept, so that the compiler
// does not drop the expression; whether it has one shows when it is checked.
func (i *invocation) timeit(values map[string]string, t timing) error {
	loops, err := count(values["loops"])
	if err != nil {
		return i.errorf("--loops %v", err)
	}
	runs, err := count(values["runs"])
	if err != nil {
		return i.errorf("--runs %v", err)
	}
	out := values["out"]
	if out != "" && !token.IsIdentifier(out) {
		return i.errorf("--out %s is not a Go name", out)
	}
	t.head = fmt.Sprintf("gopar_measure.Time(gopar_measure.Loops{N: %d, Runs: %d}", loops, runs)
	switch {
	case out != "" && values["quiet"] != "":
		t.head = out + " := " + t.head
	case out != "":
		t.head, t.after = out+" := "+t.head, "; "+out
	case values["quiet"] != "":
		t.after = ";"
	}
	shown := i.plan.shown
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		first := k.aside(ctx, e, t.source(true), shown)
		if first.Error == nil || first.Error.Name != compileError {
			return first
		}
		second := k.aside(ctx, e, t.source(false), shown)
		if second.Error != nil && second.Error.Name == compileError && isExpression(t.code) && !strings.Contains(first.Error.Value, "used as value") {
			return first
		}
		return second
	})
	return nil
}

// compileError is the name of the error of a cell that is not Go.
const compileError = "compile error"

// source is the call of measure.Time; with keep the code is an expression whose
// value is kept.
func (t timing) source(keep bool) string {
	code := t.codeAt + t.code
	if keep && isExpression(t.code) {
		code = "gopar_measure.Keep(" + t.codeAt + strings.TrimSpace(t.code) + ")"
	}
	return t.lead + measureImport + t.head + ", func() func(int) { " + t.setupAt + t.setup +
		"\nreturn func(gopar_loops int) { for range gopar_loops { " + code + "\n} } })" + t.after
}

func isExpression(code string) bool {
	_, err := parser.ParseExpr(code)
	return err == nil
}

// count reads a positive number; 0 for none.
func count(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("takes a number above 0, not %s", text)
	}
	return n, nil
}

// profLine is %prof STATEMENT.
func profLine(i *invocation) error {
	if i.args == "" {
		return i.errorf("there is nothing to profile")
	}
	return i.profiled(i.placed(), i.place.line)
}

// profCell is %%prof and the cell below it.
func profCell(i *invocation) error { return i.profiled(i.args+"\n"+i.body, i.place.line) }

// profiled adds code that runs while a profile is taken.
func (i *invocation) profiled(code string, line int) error {
	inner := *i.plan
	inner.steps = nil
	if err := inner.addGo(code, line); err != nil {
		return err
	}
	if len(inner.steps) == 0 {
		return i.errorf("there is nothing to profile")
	}
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		if started := k.aside(ctx, e, measureImport+"gopar_measure.StartProfile()", ""); started.Error != nil {
			return started
		}
		out := k.runSteps(ctx, e, inner.steps)
		profile := k.aside(ctx, e, measureImport+"gopar_measure.StopProfile()", "")
		if out.Error == nil && profile.Error != nil {
			return profile
		}
		if out.Error == nil && profile.Value != nil {
			k.sink.Display(e.id, display.Message{Type: display.DisplayData, Data: profile.Value})
		}
		return out
	})
	return nil
}

// memLine is %mem.
func memLine(i *invocation) error {
	if i.args != "" {
		return i.errorf("%%mem takes nothing")
	}
	i.plan.do(asideAct("gopar_measure.Memory()"))
	return nil
}

// asideAct returns what shows an expression over package measure.
func asideAct(expression string) func(context.Context, *Kernel, *execution) Outcome {
	return func(ctx context.Context, k *Kernel, e *execution) Outcome {
		return k.aside(ctx, e, measureImport+expression, "")
	}
}

// aside runs a command's own code in the process of the cells. Errors quote shown.
func (k *Kernel) aside(ctx context.Context, e *execution, code, shown string) Outcome {
	return k.evaluator.Execute(ctx, Cell{
		MsgID: e.id, Code: code, Number: e.number, Silent: e.content.Silent, AllowStdin: e.content.AllowStdin, Aside: true, Shown: shown,
	})
}
