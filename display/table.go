package display

import (
	"fmt"
	"html"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"
)

// maxRows is how many rows of a table are shown; the text says how many there are in all.
const maxRows = 1000

// Table returns rows as an HTML table and as aligned text. Rows is a slice or array of structs (a column for each
// exported field), of maps (a column for each key, sorted), of slices (numbered columns), or of pointers to these; rows
// of any other type make one column. What is no slice at all is shown as text. At most 1000 rows are shown.
func Table(rows any) Bundle {
	v := reflect.ValueOf(rows)
	if k := v.Kind(); k != reflect.Slice && k != reflect.Array {
		return Text(rows)
	}
	head := columns(v)
	body := make([][]string, min(v.Len(), maxRows))
	for i := range body {
		body[i] = cells(v.Index(i), head)
	}
	note := ""
	if v.Len() > maxRows {
		note = fmt.Sprintf("… %d rows in all", v.Len())
	}
	return Bundle{MIMEText: textTable(head, body, note), MIMEHTML: htmlTable(head, body, note)}
}

// row is v without the pointers and interfaces around it; the zero Value for nil.
func row(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// columns names the table's columns: those of any of its rows, in the order of first appearance, map keys sorted.
func columns(rows reflect.Value) []string {
	var head []string
	seen := map[string]bool{}
	add := func(names ...string) {
		for _, n := range names {
			if !seen[n] {
				seen[n] = true
				head = append(head, n)
			}
		}
	}
	var keys []string
	for i := range min(rows.Len(), maxRows) {
		switch r := row(rows.Index(i)); r.Kind() {
		case reflect.Struct:
			for _, f := range reflect.VisibleFields(r.Type()) {
				if f.IsExported() && len(f.Index) == 1 {
					add(f.Name)
				}
			}
		case reflect.Map:
			for _, k := range r.MapKeys() {
				keys = append(keys, text(k.Interface()))
			}
		case reflect.Slice, reflect.Array:
			for j := range r.Len() {
				add(fmt.Sprint(j))
			}
		default:
			add("value")
		}
	}
	slices.Sort(keys)
	add(slices.Compact(keys)...)
	return head
}

func cells(v reflect.Value, head []string) []string {
	r := row(v)
	byName := map[string]string{}
	switch r.Kind() {
	case reflect.Struct:
		for _, name := range head {
			if f, ok := r.Type().FieldByName(name); ok && f.IsExported() && len(f.Index) == 1 {
				byName[name] = text(r.FieldByIndex(f.Index).Interface())
			}
		}
	case reflect.Map:
		for _, k := range r.MapKeys() {
			byName[text(k.Interface())] = text(r.MapIndex(k).Interface())
		}
	case reflect.Slice, reflect.Array:
		for j := range r.Len() {
			byName[fmt.Sprint(j)] = text(r.Index(j).Interface())
		}
	case reflect.Invalid:
		byName["value"] = "<nil>"
	default:
		byName["value"] = text(r.Interface())
	}
	out := make([]string, len(head))
	for i, name := range head {
		out[i] = byName[name]
	}
	return out
}

func textTable(head []string, body [][]string, note string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	oneLine := strings.NewReplacer("\n", " ", "\t", " ", "\v", " ", "\f", " ")
	line := func(cells []string) {
		for i, c := range cells {
			cells[i] = oneLine.Replace(c)
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // a strings.Builder takes everything
	}
	line(slices.Clone(head))
	for _, cells := range body {
		line(slices.Clone(cells))
	}
	_ = w.Flush() // as above
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	if note != "" {
		lines = append(lines, note)
	}
	return strings.Join(lines, "\n")
}

func htmlTable(head []string, body [][]string, note string) string {
	var b strings.Builder
	b.WriteString("<table>\n<thead><tr>")
	for _, c := range head {
		fmt.Fprintf(&b, "<th>%s</th>", html.EscapeString(c))
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, cells := range body {
		b.WriteString("<tr>")
		for _, c := range cells {
			fmt.Fprintf(&b, "<td>%s</td>", html.EscapeString(c))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody></table>")
	if note != "" {
		fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(note))
	}
	return b.String()
}
