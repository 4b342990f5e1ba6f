//go:build unix

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/notebook"
)

func TestWrongFilesAreRefusedWithTheReason(t *testing.T) {
	h := newHome(t)
	for name, row := range map[string]struct{ path, want string }{
		"no file":        {filepath.Join(h.dir, "none.ipynb"), "no such file"},
		"a folder":       {h.dir, "is a directory"},
		"not JSON":       {h.write("text.ipynb", "package main\n"), "not JSON: line 1 column 1"},
		"not a notebook": {h.write("data.ipynb", `{"a": 1}`), "not a Jupyter notebook"},
		"too old":        {h.write("old.ipynb", `{"nbformat": 3, "worksheets": []}`), "nbconvert"},
		"no such kernel": {h.write("other.ipynb", `{"nbformat": 4, "nbformat_minor": 5, "cells": [],
			"metadata": {"kernelspec": {"name": "cobol", "display_name": "COBOL", "language": "cobol"}}}`), `kernel name "cobol"`},
	} {
		if said := h.fails("gopar", "run", row.path); !strings.Contains(said, row.want) {
			t.Errorf("%s: it says %q, not %q", name, said, row.want)
		}
	}
}

func TestGoNotebookRunsWithoutAnInstalledKernel(t *testing.T) {
	h := newHome(t)
	h.ok("gopar", "install", "--remove")
	if out := h.ok("gopar", "run", h.notebook("5 * 6")); !strings.Contains(out, "Out[1]: 30") {
		t.Errorf("printed\n%s", out)
	}
}

func TestErrorOfACellEndsTheRunAndKeepsTheOutputs(t *testing.T) {
	h := newHome(t)
	path := h.notebook("before := 1\nbefore", "zz + yy", "before + 1")
	out := filepath.Join(h.dir, "out.ipynb")
	said := h.fails("gopar", "run", path, "-o", out)
	for _, want := range []string{"Out[1]: 1", "cell 2:1:1: undefined: zz", "cell 2:1:6: undefined: yy"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in\n%s", want, said)
		}
	}
	n, err := notebook.Read(out)
	if err != nil || len(n.Cells[0].Outputs) != 1 || len(n.Cells[2].Outputs) != 0 {
		t.Errorf("the written notebook: %v, %+v", err, n)
	}
	if out := h.ok("gopar", "run", "--allow-errors", path); !strings.Contains(out, "Out[3]: 2") {
		t.Errorf("nothing is lost by an error, but it printed\n%s", out)
	}
}

func TestTimeoutOfACell(t *testing.T) {
	h := newHome(t)
	said := h.fails("gopar", "run", "--timeout", "20s", h.notebook("for {}"))
	if !strings.Contains(said, "took longer than 20s") {
		t.Errorf("it says\n%s", said)
	}
}

func TestNoClusterSaysHowToStartOne(t *testing.T) {
	h := newHome(t)
	said := h.fails("gopar", "run", h.notebook("rc := parallel.MustConnect()"))
	if !strings.Contains(said, "gopar cluster start -n 4") {
		t.Errorf("it says\n%s", said)
	}
}

func TestWrongUseOfAClusterIsExplainedAndLosesNothing(t *testing.T) {
	h := newHome(t)
	h.startCluster(2)
	path := h.notebook(
		"rc := parallel.MustConnect()\nfunc mul(a, b int) int { return a * b }",
		"rc[7].Apply(mul, 5, 6)",
		`rc[0].Apply(mul, 5, "six")`,
		"rc[0].Apply(mul, 5)",
		"rc[0].Apply(mul, 5, 6)",
	)
	out := filepath.Join(h.dir, "out.ipynb")
	h.ok("gopar", "run", "--allow-errors", path, "-o", out)
	n, err := notebook.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	for i, wants := range [][]string{1: {"7"}, 2: {"cell 3", "int", "string"}, 3: {"cell 4", "2"}} {
		said := ""
		for _, o := range n.Cells[i].Outputs {
			said += o.Ename + ": " + o.Evalue + "\n" + strings.Join(o.Traceback, "\n")
		}
		for _, want := range wants {
			if !strings.Contains(said, want) {
				t.Errorf("cell %d: it says\n%s\nwithout %q", i+1, said, want)
			}
		}
	}
	if o := n.Cells[4].Outputs; len(o) == 0 || o[len(o)-1].Data.Text() != "30" {
		t.Errorf("after the errors: %+v", o)
	}
}

func TestHubThatIsGoneIsReported(t *testing.T) {
	h := newHome(t)
	h.startCluster(1)
	path := h.notebook(
		"rc := parallel.MustConnect(parallel.HubTimeout(100 * time.Millisecond))\nrc[0].Apply(func() int { return 6 * 7 })",
		"!gopar cluster stop",
		"rc[0].Apply(func() int { return 1 })",
		"5 * 6",
	)
	said := h.ok("gopar", "run", "--timeout", "60s", "--allow-errors", path)
	for _, want := range []string{"Out[1]: 42", "the hub is gone", "gopar cluster start", "Out[4]: 30"} {
		if !strings.Contains(said, want) {
			t.Errorf("it says\n%s\nwithout %q", said, want)
		}
	}
}

// A hub that dies is started again by its cluster, and the notebook goes on.
func TestHubThatIsKilledComesBack(t *testing.T) {
	h := newHome(t)
	h.startCluster(1)
	var status struct{ Hub struct{ PID int } }
	if err := json.Unmarshal([]byte(h.ok("gopar", "cluster", "status", "--json")), &status); err != nil {
		t.Fatal(err)
	}
	path := h.notebook(
		"rc := parallel.MustConnect()\nrc[0].Apply(func() int { return 6 * 7 })",
		fmt.Sprintf("syscall.Kill(%d, syscall.SIGKILL)", status.Hub.PID),
		"rc[0].Apply(func() int { return 1 })",
		"5 * 6",
	)
	said := h.ok("gopar", "run", "--timeout", "60s", "--allow-errors", path)
	for _, want := range []string{"Out[1]: 42", "Out[3]: 1", "Out[4]: 30"} {
		if !strings.Contains(said, want) {
			t.Errorf("it says\n%s\nwithout %q", said, want)
		}
	}
}

// notebook makes a Go notebook of code cells.
func (h *home) notebook(sources ...string) string {
	h.t.Helper()
	n := &notebook.Notebook{Format: notebook.Format, FormatMinor: notebook.FormatMinor, Metadata: notebook.Metadata{
		"kernelspec": json.RawMessage(`{"name": "gopar", "display_name": "Go (gopar)", "language": "go"}`),
	}}
	for i, s := range sources {
		n.Cells = append(n.Cells, &notebook.Cell{ID: string(rune('a' + i)), Type: notebook.Code, Source: s})
	}
	f, err := os.CreateTemp(h.dir, "*.ipynb")
	if err != nil {
		h.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		h.t.Fatal(err)
	}
	if err := notebook.Write(f.Name(), n); err != nil {
		h.t.Fatal(err)
	}
	return f.Name()
}
