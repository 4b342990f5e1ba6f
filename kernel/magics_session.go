package kernel

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/display"
)

// resetLine is %reset. IPython's -f is accepted: nothing is asked anyway.
func resetLine(i *invocation) error {
	if i.args != "" && i.args != "-f" {
		return i.errorf("%%reset takes nothing")
	}
	i.plan.do(func(ctx context.Context, k *Kernel, _ *execution) Outcome {
		if err := k.evaluator.Restart(ctx); err != nil {
			return Outcome{Error: &Error{Name: "ResetError", Value: err.Error()}}
		}
		return Outcome{}
	})
	return nil
}

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

// helpBundle shows what magics there are.
func helpBundle(table map[string]magic) display.Bundle {
	var text, markdown strings.Builder
	markdown.WriteString("| command | |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(table)) {
		m := table[name]
		fmt.Fprintf(&text, "%s\n    %s\n", m.usage, m.help)
		fmt.Fprintf(&markdown, "| `%s` | %s |\n", strings.ReplaceAll(m.usage, "|", `\|`), m.help)
	}
	if len(table) > 1 {
		text.WriteString("!COMMAND\n    Run a line with the shell.\n")
		markdown.WriteString("| `!COMMAND` | Run a line with the shell. |\n")
	}
	return display.Bundle{display.MIMEText: strings.TrimRight(text.String(), "\n"), display.MIMEMarkdown: markdown.String()}
}
