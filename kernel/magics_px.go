package kernel

import (
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
	{long: "group-outputs", value: true},
	{long: "local"},
}

// pxLine is %px CODE.
func pxLine(i *invocation) (string, error) { return pxSource(i, i.args) }

// pxCell is %%px and the cell below it; with --local the cell runs here, too.
func pxCell(i *invocation) error {
	source, err := pxSource(i, i.args+"\n"+i.body)
	if err != nil {
		return err
	}
	i.plan.code(strings.Repeat("\n", i.place.line-1)+source, i.plan.mode)
	if values, _, err := parseOptions(i.args, pxOptions); err == nil && values["local"] != "" {
		return i.plan.addGo(i.body, i.place.line+1)
	}
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
		b.WriteString(out + " := ")
	}
	b.WriteString("parallel.Px(parallel.PxOptions{")
	var fields []string
	if t := values["targets"]; t != "" {
		fields = append(fields, "Targets: "+strconv.Quote(t))
	}
	if values["noblock"] != "" {
		fields = append(fields, "NoBlock: true")
	}
	switch g := values["group-outputs"]; g {
	case "":
	case "type", "engine", "order":
		fields = append(fields, "GroupOutputs: "+strconv.Quote(g))
	default:
		return "", i.errorf("--group-outputs is type, engine or order, not %s", g)
	}
	b.WriteString(strings.Join(fields, ", ") + "}, " + strconv.Quote(code) + ")")
	return b.String(), nil
}
