package kernel

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/modules"
)

// getLine is %get.
func getLine(i *invocation) error {
	args := strings.Fields(i.args)
	if len(args) == 0 {
		return i.errorf("which module?")
	}
	for _, a := range args {
		if strings.HasPrefix(a, "-") {
			return i.errorf("%%get has no options")
		}
	}
	i.plan.doSilently(withModules(i.place, func(ctx context.Context, n *modules.Notebook, say func(string)) (display.Bundle, error) {
		return nil, n.Get(ctx, args, say)
	}))
	return nil
}

// modLine is %mod and its commands.
func modLine(i *invocation) error {
	command, rest := cutWord(i.args)
	switch command {
	case "", "show":
		if rest != "" {
			return i.errorf("%%mod show takes nothing")
		}
		i.plan.do(withModules(i.place, func(_ context.Context, n *modules.Notebook, _ func(string)) (display.Bundle, error) {
			l, err := n.List()
			if err != nil {
				return nil, err
			}
			return moduleTable(l), nil
		}))
	case "tidy":
		if rest != "" {
			return i.errorf("%%mod tidy takes nothing")
		}
		i.plan.doSilently(withModules(i.place, func(ctx context.Context, n *modules.Notebook, say func(string)) (display.Bundle, error) {
			return nil, n.Tidy(ctx, say)
		}))
	case "replace":
		path, dir, ok := strings.Cut(rest, "=")
		if !ok || path == "" {
			return i.errorf("%%mod replace takes PATH=DIR")
		}
		i.plan.doSilently(withModules(i.place, func(ctx context.Context, n *modules.Notebook, say func(string)) (display.Bundle, error) {
			return nil, n.Replace(ctx, strings.TrimSpace(path), unquote(strings.TrimSpace(dir)), say)
		}))
	default:
		return i.errorf("%%mod %s is not known", command)
	}
	return nil
}

// withModules returns a step that does something with the notebook's modules; what
// say is given goes to the cell's standard error.
func withModules(at place, do func(context.Context, *modules.Notebook, func(string)) (display.Bundle, error)) func(context.Context, *Kernel, *execution) Outcome {
	return func(ctx context.Context, k *Kernel, e *execution) Outcome {
		failed := func(err error) Outcome {
			if errors.Is(err, context.Canceled) {
				return interrupted()
			}
			text := at.errorf("%s", err).Error()
			return Outcome{Error: &Error{Name: "ModuleError", Value: text, Traceback: strings.Split(text, "\n")}}
		}
		m, ok := k.evaluator.(Modular)
		if !ok {
			return failed(errors.New("this session has no modules"))
		}
		n, err := m.Modules(ctx)
		if err != nil {
			return failed(err)
		}
		value, err := do(ctx, n, func(line string) { k.sink.Output(e.id, "stderr", []byte(line+"\n")) })
		if err != nil {
			return failed(err)
		}
		return Outcome{Value: value}
	}
}

// moduleTable shows a notebook's modules in columns.
func moduleTable(l modules.Listing) display.Bundle {
	file := l.File
	if l.Beside {
		file = modules.File
	}
	if len(l.Modules) == 0 {
		return display.Text("no modules; an import adds them to " + file)
	}
	width, versions := 0, 0
	for _, m := range l.Modules {
		width, versions = max(width, len(m.Path)), max(versions, len(m.Version))
	}
	var text, html strings.Builder
	text.WriteString(file + "\n")
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	fmt.Fprintf(&html, "<code>%s</code><table><tr><th>module</th><th>version</th><th></th></tr>", escape(file))
	for _, m := range l.Modules {
		note := ""
		switch {
		case m.Own:
			note = "yours, in " + m.Replaced
		case m.Replaced != "":
			note = "replaced by " + m.Replaced
		case m.Indirect:
			note = "needed by others"
		}
		text.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %-*s  %s", width, m.Path, versions, m.Version, note), " ") + "\n")
		fmt.Fprintf(&html, "<tr><td><code>%s</code></td><td>%s</td><td>%s</td></tr>", escape(m.Path), escape(m.Version), escape(note))
	}
	html.WriteString("</table>")
	return display.Bundle{display.MIMEText: strings.TrimRight(text.String(), "\n"), display.MIMEHTML: html.String()}
}
