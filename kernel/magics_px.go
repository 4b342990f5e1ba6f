package kernel

import (
	"cmp"
	"context"
	"fmt"
	"go/token"
	"math"
	"strconv"
	"strings"
	"time"
)

// pxOptions are ipyparallel's options of %%px that mean something here.
var pxOptions = []option{
	{short: 't', long: "targets", value: true, help: "engines by index: 0, -1, 0:2, ::2, [0,2]; default: all"},
	{short: 'b', long: "block", help: "wait for the engines: the default"},
	{short: 'a', long: "noblock", help: "do not wait"},
	{short: 'o', long: "out", value: true, help: "the variable that gets the result"},
	{long: "group-outputs", value: true, help: "type, engine or order: show outputs at the end, grouped"},
	{long: "progress-after", value: true, help: "seconds until there is a progress bar; -1: never, 0: at once"},
	{long: "verbose", help: "say where it runs"},
	{long: "no-verbose", help: "do not: the default"},
	{long: "local", help: "run the cell here, too"},
}

// pxLine is %px CODE.
func pxLine(i *invocation) error { return i.px(i.args) }

// pxCell is %%px and the cell below it; with --local the cell runs here, too.
func pxCell(i *invocation) error {
	if err := i.px(i.args + "\n" + i.body); err != nil {
		return err
	}
	if values, _, err := parseOptions(i.args, pxOptions); err == nil && values["local"] != "" {
		return i.plan.addGo(i.body, i.place.line+1)
	}
	return nil
}

// px adds the call of parallel.Px, whose result waits for the engines when it is
// shown, as a step of its own.
func (i *invocation) px(args string) error {
	source, err := pxSource(i, args)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(args, "\n")
	if values, _, err := parseOptions(first, pxOptions); err == nil && values["verbose"] != "" {
		text := "Parallel execution on engine(s): " + cmp.Or(values["targets"], "all") + "\n"
		i.plan.doSilently(func(_ context.Context, k *Kernel, e *execution) Outcome {
			k.sink.Output(e.id, "stdout", []byte(text))
			return Outcome{}
		})
	}
	i.plan.steps = append(i.plan.steps, step{
		code: strings.Repeat("\n", i.place.line-1) + source, mode: i.plan.mode, shown: true,
	})
	return nil
}

// pxSource returns the Go source that args, options and code, stand for.
func pxSource(i *invocation, args string) (string, error) {
	first, below, _ := strings.Cut(args, "\n")
	values, code, err := parseOptions(first, pxOptions)
	if err != nil {
		return "", i.errorf("%v", err)
	}
	if below != "" {
		// The engines report positions in their own cell; its first line is the
		// one of the magic, so that lines agree with what the user sees.
		code += "\n" + below
	}
	if strings.TrimSpace(code) == "" {
		return "", i.errorf("there is no code to run")
	}
	if values["block"] != "" && values["noblock"] != "" {
		return "", i.errorf("--block and --noblock exclude each other")
	}
	var b strings.Builder
	if out := values["out"]; out != "" {
		if !token.IsIdentifier(out) {
			return "", i.errorf("--out %s is not a Go name", out)
		}
		fmt.Fprintf(&b, "%s := ", out)
	}
	b.WriteString("parallel.Px(parallel.PxOptions{")
	var fields []string
	if t := values["targets"]; t != "" {
		fields = append(fields, "Targets: "+strconv.Quote(t))
	}
	if values["noblock"] != "" {
		fields = append(fields, "NoBlock: true")
	}
	switch group := values["group-outputs"]; group {
	case "":
	case "type", "engine", "order":
		fields = append(fields, "GroupOutputs: "+strconv.Quote(group))
	default:
		return "", i.errorf("--group-outputs is type, engine or order, not %s", group)
	}
	if after := values["progress-after"]; after != "" {
		seconds, err := strconv.ParseFloat(after, 64)
		if err != nil || math.IsNaN(seconds) || seconds > maxSeconds {
			return "", i.errorf("--progress-after takes seconds, not %s", after)
		}
		fields = append(fields, fmt.Sprintf("ProgressAfter: %d", pxProgress(seconds)))
	}
	b.WriteString(strings.Join(fields, ", ") + "}, " + strconv.Quote(code) + ")")
	if out := values["out"]; out != "" {
		b.WriteString("; " + out)
	}
	return b.String(), nil
}

// maxSeconds bounds what --progress-after takes: longer than any cell.
const maxSeconds = 1e6

// pxProgress is --progress-after as PxOptions.ProgressAfter has it, where 0 is the
// default.
func pxProgress(seconds float64) time.Duration {
	switch {
	case seconds < 0:
		return -1
	case seconds == 0:
		return 1
	}
	return time.Duration(seconds * float64(time.Second))
}
