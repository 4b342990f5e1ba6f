package notebook_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/notebook"
)

// book is a notebook of code cells, with one of text at its head.
func book(sources ...string) *notebook.Notebook {
	n := &notebook.Notebook{Format: 4, FormatMinor: 5}
	n.Cells = append(n.Cells, &notebook.Cell{ID: "title", Type: notebook.Markdown, Source: "# Title"})
	for i, s := range sources {
		n.Cells = append(n.Cells, &notebook.Cell{ID: fmt.Sprintf("cell-%d", i+1), Type: notebook.Code, Source: s})
	}
	return n
}

func run(t *testing.T, n *notebook.Notebook, o notebook.Options) (printed string, err error) {
	t.Helper()
	if o.Kernel.Name == "" {
		o.Kernel = testKernel(t, "good")
	}
	var out strings.Builder
	o.Out = &out
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = notebook.Run(ctx, n, o)
	if invalid := n.Validate(); invalid != nil {
		t.Errorf("the notebook is not valid after the run: %v", invalid)
	}
	return out.String(), err
}

func TestRunRecordsAndPrintsOutputs(t *testing.T) {
	t.Parallel()
	n := book("print one\nprint two\nwarn three\nresult 30", "", "display 0%\nupdate 50%\nupdate 100%\nresult done", "cell")
	n.Cells[1].Outputs = []*notebook.Output{{Type: notebook.Stream, Name: "stdout", Text: "old"}}
	printed, err := run(t, n, notebook.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `# Title

In [1]: print one
   ...: print two
   ...: warn three
   ...: result 30
one
two
three
Out[1]: 30

In [2]: display 0%
   ...: update 50%
   ...: update 100%
   ...: result done
0%
100%
Out[2]: done

In [3]: cell
cell-4

`
	if printed != want {
		t.Errorf("printed\n%s\nwant\n%s", printed, want)
	}
	first := n.Cells[1]
	if *first.ExecutionCount != 1 || len(first.Outputs) != 3 || first.Outputs[0].Text != "one\ntwo\n" ||
		first.Outputs[1].Name != "stderr" || first.Outputs[2].Data.Text() != "30" || *first.Outputs[2].ExecutionCount != 1 {
		t.Errorf("first cell: %+v", first)
	}
	if empty := n.Cells[2]; empty.ExecutionCount != nil || len(empty.Outputs) != 0 {
		t.Errorf("an empty cell was run: %+v", empty)
	}
	if o := n.Cells[3].Outputs; len(o) != 2 || o[0].Data.Text() != "100%" {
		t.Errorf("the updated display: %+v", o)
	}
	if name, language := n.KernelName(); name != "commands" || language != "commands" || len(n.Metadata["language_info"]) == 0 {
		t.Errorf("metadata %s", n.Metadata)
	}
}

func TestOutputOfAnEarlierCellGoesThere(t *testing.T) {
	t.Parallel()
	n := book("print a", "late b\nprint c")
	if _, err := run(t, n, notebook.Options{}); err != nil {
		t.Fatal(err)
	}
	if a, c := n.Cells[1].Outputs, n.Cells[2].Outputs; a[0].Text != "a\nb\n" || len(c) != 1 || c[0].Text != "c\n" {
		t.Errorf("got %+v and %+v", a[0], c[0])
	}
}

func TestClearedOutputIsReplaced(t *testing.T) {
	t.Parallel()
	n := book("print a\nclear wait\nprint b", "print a\nclear", "print a\nclear wait")
	if _, err := run(t, n, notebook.Options{}); err != nil {
		t.Fatal(err)
	}
	if o := n.Cells[1].Outputs; len(o) != 1 || o[0].Text != "b\n" {
		t.Errorf("clear and wait: %+v", o)
	}
	if o := n.Cells[2].Outputs; len(o) != 0 {
		t.Errorf("clear at once: %+v", o)
	}
	if o := n.Cells[3].Outputs; len(o) != 1 {
		t.Errorf("clear and wait for what never comes: %+v", o)
	}
}

func TestFirstErrorEndsTheRun(t *testing.T) {
	t.Parallel()
	n := book("print a", "fail no fuel", "print c")
	printed, err := run(t, n, notebook.Options{})
	var cell *notebook.CellError
	if !errors.As(err, &cell) || cell.Number != 2 || err.Error() != "cell 2: Failure: no fuel" {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(printed, "\nFailure: no fuel\n") || strings.Contains(printed, "print c") {
		t.Errorf("printed\n%s", printed)
	}
	if o := n.Cells[2].Outputs; len(o) != 1 || o[0].Ename != "Failure" || len(n.Cells[1].Outputs) != 1 || n.Cells[3].ExecutionCount != nil {
		t.Errorf("outputs %+v", o)
	}
}

func TestAllowErrorsGoesOn(t *testing.T) {
	t.Parallel()
	n := book("fail no fuel", "print c")
	if _, err := run(t, n, notebook.Options{AllowErrors: true}); err != nil {
		t.Fatal(err)
	}
	if len(n.Cells[2].Outputs) != 1 {
		t.Error("the second cell did not run")
	}
}

func TestTimeoutInterruptsTheCell(t *testing.T) {
	t.Parallel()
	_, err := run(t, book("block"), notebook.Options{Timeout: 50 * time.Millisecond})
	if err == nil || err.Error() != "cell 1: it took longer than 50ms" {
		t.Errorf("got %v", err)
	}
}

func TestKernelsDeathIsReportedWithItsLastWords(t *testing.T) {
	t.Parallel()
	n := book("print a", "die")
	_, err := run(t, n, notebook.Options{AllowErrors: true})
	if !errors.Is(err, notebook.ErrKernelDied) || !strings.Contains(err.Error(), "cell 2") || !strings.Contains(err.Error(), "out of fuel") {
		t.Errorf("got %v", err)
	}
	if len(n.Cells[1].Outputs) != 1 {
		t.Error("the outputs before the death are lost")
	}
}

func TestKernelThatCannotStartIsReported(t *testing.T) {
	t.Parallel()
	_, err := run(t, book("print a"), notebook.Options{Kernel: testKernel(t, "dead")})
	if !errors.Is(err, notebook.ErrKernelDied) || !strings.Contains(err.Error(), "no fuel") || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("got %v", err)
	}
	missing := testKernel(t, "good")
	missing.Spec.Argv[0] = filepath.Join(t.TempDir(), "no-such-kernel")
	if _, err := run(t, book("print a"), notebook.Options{Kernel: missing}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestLongTemporaryPathsFallBackToPorts(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	n := book("result 30")
	if _, err := run(t, n, notebook.Options{}); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(long); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
