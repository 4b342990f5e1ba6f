//go:build unix

package test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/notebook"
)

func TestGoparRunsTheOverview(t *testing.T) {
	h := newHome(t)
	h.startCluster(4)
	out := filepath.Join(h.dir, "executed.ipynb")
	printed := h.ok("gopar", "run", overviewPath(), "-o", out)
	for _, want := range []string{"# Parallel Go in a notebook", "In [1]: rc := parallel.MustConnect()", "[0 1 2 3]", "30\n", "[30 30 30 30]", " 342 380]"} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not printed", want)
		}
	}
	h.python("validate.py", out, overviewPath())
	checkOverview(t, out)
}

func TestNbclientRunsTheOverview(t *testing.T) {
	h := newHome(t)
	h.startCluster(4)
	out := filepath.Join(h.dir, "executed.ipynb")
	h.python("nbclient_run.py", overviewPath(), out)
	checkOverview(t, out)
}

// The outputs in the repository are what a reader on the web sees.
func TestStoredOutputsOfTheOverviewAreReal(t *testing.T) {
	checkOverview(t, overviewPath())
}

func overviewPath() string { return filepath.Join(program.root, "notebooks", "overview.ipynb") }

var (
	aSummary = regexp.MustCompile(`map\[cwd:\S.* go:go1\.\d+\S* hostname:\S+ pid:(\d+)\]`)
	products = func() string {
		var list []int
		for x := 1; x < 20; x++ {
			list = append(list, x*(x+1))
		}
		return fmt.Sprint(list)
	}()
)

// checkOverview compares the outputs of an executed overview with what it is about.
func checkOverview(t *testing.T, path string) {
	t.Helper()
	n, err := notebook.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]*notebook.Cell{}
	for _, c := range n.Cells {
		cells[c.ID] = c
	}
	for id, want := range map[string]string{
		"connect": "[0 1 2 3]", "local": "30", "one": "30", "all": "[30 30 30 30]", "capture": "[30 30 30 30]",
		"balanced": products, "spelling-apply": "30", "spelling-map": products,
	} {
		if got := resultOf(t, cells, id); got != want {
			t.Errorf("cell %s: got %q, want %q", id, got, want)
		}
	}
	all := pids(t, cells, "all-summary", 4)
	if one := pids(t, cells, "one-summary", 1); one[0] != all[0] {
		t.Errorf("engine 0 is process %s and %s", one[0], all[0])
	}
	if some := pids(t, cells, "some-summary", 2); !slices.Equal(some, all[1:3]) {
		t.Errorf("engines 1 and 2 are processes %q and %q", some, all[1:3])
	}
	var px strings.Builder
	for _, o := range cells["px"].Outputs {
		px.WriteString(o.Text + "\n" + o.Data.Text() + "\n")
	}
	for _, pid := range all {
		if !regexp.MustCompile(`\b` + pid + `\b`).MatchString(px.String()) {
			t.Errorf("%%%%px shows no output of process %s:\n%s", pid, px.String())
		}
	}
}

func resultOf(t *testing.T, cells map[string]*notebook.Cell, id string) string {
	t.Helper()
	if cells[id] == nil {
		t.Fatalf("there is no cell %s", id)
	}
	for _, o := range cells[id].Outputs {
		switch o.Type {
		case notebook.ExecuteResult:
			return o.Data.Text()
		case notebook.Error:
			t.Errorf("cell %s: %s: %s", id, o.Ename, o.Evalue)
		}
	}
	return "(no result)"
}

// pids returns the process ids of n summaries, which must differ.
func pids(t *testing.T, cells map[string]*notebook.Cell, id string, n int) []string {
	t.Helper()
	text := resultOf(t, cells, id)
	var found []string
	for _, m := range aSummary.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	if len(slices.Compact(slices.Sorted(slices.Values(found)))) != n {
		t.Fatalf("cell %s: want %d summaries of different processes, got\n%s", id, n, text)
	}
	return found
}
