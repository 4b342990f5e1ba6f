package kernel

import (
	"fmt"
	"go/token"
	"strconv"
	"strings"
)

// pxOptions are ipyparallel's options of %%px that mean something here.
var pxOptions = []option{
	{short: 't', long: "targets", value: true},
	{short: 'b', long: "block"},
	{short: 'a', long: "noblock"},
	{short: 'o', long: "out", value: true},
	{long: "local"},
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
	b.WriteString(strings.Join(fields, ", ") + "}, " + strconv.Quote(code) + ")")
	if out := values["out"]; out != "" {
		b.WriteString("; " + out)
	}
	return b.String(), nil
}
