//go:build unix

package kernel

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write generated pages of docs")

// docCell is a fenced example of docs/cells.md and what it must show.
type docCell struct {
	line       int
	code, want string
}

// readCells returns the examples of a page by section.
func readCells(t *testing.T, page string) (sections []string, cells map[string][]docCell) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	cells = map[string][]docCell{}
	section, fence := "", ""
	var body strings.Builder
	start := 0
	for n, line := range strings.Split(string(text), "\n") {
		switch {
		case fence != "" && line == "```":
			list := cells[section]
			if fence == "go" {
				cells[section] = append(list, docCell{line: start, code: body.String()})
			} else if len(list) > 0 {
				list[len(list)-1].want = body.String()
			}
			fence = ""
		case fence != "":
			body.WriteString(line + "\n")
		case strings.HasPrefix(line, "```"):
			fence, start = line[3:], n+2
			body.Reset()
		case strings.HasPrefix(line, "## "):
			section = line[3:]
			sections = append(sections, section)
		}
	}
	return sections, cells
}

// TestCellsPage runs the examples of docs/cells.md.
func TestCellsPage(t *testing.T) {
	sections, cells := readCells(t, "../docs/cells.md")
	for _, section := range sections {
		if len(cells[section]) == 0 {
			continue
		}
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			g := NewGoEvaluator(t)
			s := &session{t: t, g: g.(*GoEvaluator), sink: &transcript{more: make(chan struct{}, 1)}}
			g.SetSink(s.sink)
			defer func() {
				if err := g.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}()
			for i, c := range cells[section] {
				o := g.Execute(t.Context(), Cell{MsgID: fmt.Sprint(i), Code: c.code, Number: i + 1})
				got := strings.TrimPrefix(s.sink.take(), "2>")
				if o.Value != nil {
					got += o.Value.Text() + "\n"
				}
				if o.Error != nil {
					message := o.Error.Value
					if at, rest, ok := strings.Cut(message, ": "); ok && strings.HasPrefix(at, "cell ") {
						message = rest
					}
					got += "error: " + message + "\n"
				}
				want := strings.ReplaceAll(c.want, "linux/amd64", runtime.GOOS+"/"+runtime.GOARCH)
				if got != want {
					t.Errorf("docs/cells.md:%d\n%s got %q\nwant %q", c.line, c.code, got, want)
				}
			}
		})
	}
}

// TestMagicsPage holds docs/magics.md against the table of commands; -update
// writes it.
func TestMagicsPage(t *testing.T) {
	const page = "../docs/magics.md"
	want := magicsPage()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o666); err != nil { //nolint:gosec // a page of the repository
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/magics.md is not up to date: go test ./kernel -run TestMagicsPage -update")
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	t.Parallel()
	for name, m := range magics {
		switch {
		case m.usage == "" || m.help == "" || m.example == "":
			t.Errorf("%s lacks usage, help or example", name)
		case !strings.HasSuffix(m.help, "."):
			t.Errorf("%s: %q is no sentence", name, m.help)
		case !strings.HasPrefix(m.example, "%"+name) && !strings.HasPrefix(m.example, "%%"+name):
			t.Errorf("%s: the example %q does not use it", name, m.example)
		}
		for _, o := range m.options {
			if o.help == "" {
				t.Errorf("%s: %s lacks help", name, o)
			}
		}
	}
}

// magicsPage is docs/magics.md.
func magicsPage() string {
	var b strings.Builder
	b.WriteString("<!-- Made of the table in kernel/magics_table.go by: go test ./kernel -run TestMagicsPage -update -->\n\n" +
		"# Commands\n\nA line of a cell that begins with `%` is a command; `%%` on the first line takes the whole cell. They stand " +
		"outside of blocks. `%help` lists\nthem in a notebook, and Tab completes them and their options.\n\n" +
		"`!COMMAND` runs a line with the shell; `!!COMMAND` does, too, and the lines it prints are the result. Both run where the " +
		"cells are, with their environment.\n")
	for _, name := range slices.Sorted(maps.Keys(magics)) {
		b.WriteString("\n## " + name + "\n\n" + magics[name].markdown())
	}
	return b.String()
}
