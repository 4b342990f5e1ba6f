package main

import (
	"encoding/json"
	"html"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gopar-project/gopar/internal/cluster"
)

// stateColors are the colours of states in the table that a notebook shows; they
// are Jupyter's where the page has them.
var stateColors = map[string]string{
	string(cluster.Running): "var(--jp-success-color1, #388e3c)", "idle": "var(--jp-success-color1, #388e3c)",
	string(cluster.Starting): "var(--jp-info-color1, #00acc1)", string(cluster.Stopping): "var(--jp-info-color1, #00acc1)",
	"pending":                "var(--jp-info-color1, #00acc1)",
	string(cluster.Degraded): "var(--jp-warn-color1, #f57c00)", "ending": "var(--jp-warn-color1, #f57c00)",
	string(cluster.Broken): "var(--jp-error-color1, #d32f2f)", "done": "var(--jp-error-color1, #d32f2f)",
}

// printBundle prints a table as what a notebook shows, for %cluster: JSON with
// text/plain and text/html.
func printBundle(cmd *cobra.Command, text string, rows [][]string) error {
	return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]string{"text/plain": strings.TrimRight(text, "\n"), "text/html": htmlTable(rows)})
}

// htmlTable is a table without a style sheet of its own: notebooks strip those. A
// first row of capitals is a heading; one of a single cell is a caption.
func htmlTable(rows [][]string) string {
	var b strings.Builder
	b.WriteString(`<table class="gopar-clusters" style="margin-left:0">`)
	if len(rows) > 0 && len(rows[0]) == 1 {
		title, state, ok := strings.Cut(rows[0][0], ": ")
		b.WriteString(`<caption style="caption-side:top;text-align:left;padding:4px 0"><b>` + html.EscapeString(title) + "</b>")
		if ok {
			b.WriteString(" " + htmlCell(state))
		}
		b.WriteString("</caption>")
		rows = rows[1:]
	}
	if len(rows) > 0 && heading(rows[0]) {
		b.WriteString("<thead><tr>")
		for _, c := range rows[0] {
			b.WriteString(`<th scope="col" style="text-align:left">` + html.EscapeString(c) + "</th>")
		}
		b.WriteString("</tr></thead>")
		rows = rows[1:]
	}
	b.WriteString("<tbody>")
	for _, row := range rows {
		b.WriteString("<tr>")
		for _, c := range row {
			b.WriteString(`<td style="text-align:left">` + htmlCell(strings.TrimSpace(c)) + "</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

func heading(row []string) bool {
	return !slices.ContainsFunc(row, func(c string) bool { return c != strings.ToUpper(c) })
}

// htmlCell is a cell's text, with a dot in its colour before a state.
func htmlCell(text string) string {
	word, _, _ := strings.Cut(text, " ")
	escaped := html.EscapeString(text)
	if color := stateColors[word]; color != "" {
		return `<span aria-hidden="true" style="color:` + color + `">●</span> ` + escaped
	}
	return escaped
}
