package kernel

import (
	"context"
	"encoding/json"
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/display"
)

// resetOptions has IPython's -f: nothing is asked anyway.
var resetOptions = []option{{short: 'f', long: "force", help: "do not ask; nothing is asked anyway"}}

// resetLine is %reset, of everything or of the names that follow.
func resetLine(i *invocation) error {
	_, rest, err := parseOptions(i.args, resetOptions)
	if err != nil {
		return i.errorf("%v", err)
	}
	names := strings.Fields(rest)
	for _, name := range names {
		if !token.IsIdentifier(name) {
			return i.errorf("%s is not a name", name)
		}
	}
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		if len(names) > 0 {
			return k.forget(ctx, e, names)
		}
		if err := k.evaluator.Restart(ctx); err != nil {
			return Outcome{Error: &Error{Name: "ResetError", Value: err.Error()}}
		}
		return Outcome{}
	})
	return nil
}

// forget forgets names, and empties variables so that what they hold is freed.
func (k *Kernel) forget(ctx context.Context, e *execution, names []string) Outcome {
	f, ok := k.evaluator.(Forgetter)
	if !ok {
		return magicError("this session cannot forget single names")
	}
	pointers := ""
	for _, v := range k.variables() {
		if slices.Contains(names, v.Name) {
			pointers += "&" + v.Name + ", "
		}
	}
	if pointers != "" {
		if out := k.aside(ctx, e, measureImport+"gopar_measure.Clear("+pointers+")", ""); out.Error != nil {
			return out
		}
	}
	if unknown := f.Forget(names); len(unknown) > 0 {
		return magicError("not declared: %s", strings.Join(unknown, ", "))
	}
	return Outcome{}
}

// variables are the session's variables.
func (k *Kernel) variables() []Name {
	namer, ok := k.evaluator.(Namer)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(namer.Names(), func(n Name) bool { return n.Kind != "var" })
}

// whosLine is %whos.
func whosLine(i *invocation) error {
	if i.args != "" {
		return i.errorf("%%whos takes nothing")
	}
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		namer, ok := k.evaluator.(Namer)
		if !ok {
			return magicError("this session cannot list its names")
		}
		names, vars := namer.Names(), k.variables()
		if len(names) == 0 {
			return Outcome{Value: display.Text("nothing is declared")}
		}
		values := map[string]string{}
		if len(vars) > 0 {
			code := measureImport + "gopar_measure.Values("
			for _, v := range vars {
				code += "&" + v.Name + ", "
			}
			out := k.aside(ctx, e, code+")", "")
			if out.Error != nil {
				return out
			}
			var lines []string
			if err := json.Unmarshal([]byte(out.Value.Text()), &lines); err != nil || len(lines) != len(vars) {
				return magicError("the values were not told: %v", err)
			}
			for n, v := range vars {
				values[v.Name] = lines[n]
			}
		}
		return Outcome{Value: valueTable(names, values)}
	})
	return nil
}

// valueTable shows names with values, in columns.
func valueTable(names []Name, values map[string]string) display.Bundle {
	width, types := 0, 0
	for _, n := range names {
		width, types = max(width, len(n.Name)), max(types, min(len(n.Type), maxTypeColumn))
	}
	rows := make([]map[string]string, len(names))
	var text strings.Builder
	for i, n := range names {
		rows[i] = map[string]string{"name": n.Name, "kind": n.Kind, "type": n.Type, "value": values[n.Name]}
		text.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %-5s  %-*s  %s", width, n.Name, n.Kind, types, n.Type, values[n.Name]), " ") + "\n")
	}
	b := display.Table(rows)
	b[display.MIMEText] = strings.TrimSuffix(text.String(), "\n")
	return b
}

// maxTypeColumn is how wide the column of types becomes for long ones.
const maxTypeColumn = 24

// whoLine is %who.
func whoLine(i *invocation) error {
	if i.args != "" {
		return i.errorf("%%who takes nothing")
	}
	place := i.place
	i.plan.do(func(_ context.Context, k *Kernel, _ *execution) Outcome {
		namer, ok := k.evaluator.(Namer)
		if !ok {
			return Outcome{Error: &Error{Name: "MagicError", Value: place.errorf("this session cannot list its names").Error()}}
		}
		names := namer.Names()
		if len(names) == 0 {
			return Outcome{Value: display.Text("nothing is declared")}
		}
		return Outcome{Value: nameTable(names)}
	})
	return nil
}

// nameTable shows names in columns.
func nameTable(names []Name) display.Bundle {
	width := 0
	for _, n := range names {
		width = max(width, len(n.Name))
	}
	var text, html strings.Builder
	html.WriteString("<table><tr><th>name</th><th>kind</th><th>type</th></tr>")
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	for i, n := range names {
		if i > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %-5s  %s", width, n.Name, n.Kind, n.Type), " "))
		fmt.Fprintf(&html, "<tr><td>%s</td><td>%s</td><td><code>%s</code></td></tr>", n.Name, n.Kind, escape.Replace(n.Type))
	}
	html.WriteString("</table>")
	return display.Bundle{display.MIMEText: text.String(), display.MIMEHTML: html.String()}
}

// helpLine is %help, or %help NAME.
func helpLine(i *invocation) error {
	name := strings.TrimLeft(i.args, "%")
	table := i.plan.table
	if name != "" {
		m, ok := table[name]
		if !ok {
			i.name = name
			return i.unknown("%")
		}
		table = map[string]magic{name: m}
	}
	i.plan.do(func(context.Context, *Kernel, *execution) Outcome { return Outcome{Value: helpBundle(table)} })
	return nil
}

// helpBundle shows what magics there are; one alone with its options and example.
func helpBundle(table map[string]magic) display.Bundle {
	var text, markdown strings.Builder
	if len(table) > 1 {
		markdown.WriteString("| command | | example |\n|---|---|---|\n")
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		m := table[name]
		fmt.Fprintf(&text, "%s\n    %s\n", m.usage, m.help)
		first, _, _ := strings.Cut(m.example, "\n")
		if len(table) > 1 {
			fmt.Fprintf(&text, "    e.g. %s\n", first)
			fmt.Fprintf(&markdown, "| `%s` | %s | `%s` |\n", strings.ReplaceAll(m.usage, "|", `\|`), m.help, strings.ReplaceAll(first, "|", `\|`))
			continue
		}
		text.WriteString(optionText(m.options) + "Example:\n" + indent(m.example) + "\n")
		markdown.WriteString(m.markdown())
	}
	if len(table) > 1 {
		text.WriteString("!COMMAND\n    Run a line with the shell; !!COMMAND: its lines are the result.\n")
		markdown.WriteString("| `!COMMAND` | Run a line with the shell; `!!COMMAND`: its lines are the result. | `!ls` |\n")
	}
	return display.Bundle{display.MIMEText: strings.TrimRight(text.String(), "\n"), display.MIMEMarkdown: markdown.String()}
}

// markdown describes a magic, for help and for the documentation.
func (m magic) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "`%s`\n\n%s\n\n", m.usage, m.help)
	for _, o := range m.options {
		fmt.Fprintf(&b, "- `%s`: %s\n", o, o.help)
	}
	if len(m.options) > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "```\n%s\n```\n", m.example)
	return b.String()
}

func optionText(options []option) string {
	var b strings.Builder
	for _, o := range options {
		fmt.Fprintf(&b, "    %-24s %s\n", o, o.help)
	}
	return b.String()
}

func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }
