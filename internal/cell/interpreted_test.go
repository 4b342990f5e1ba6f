package cell

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/eval"
)

// leastInterpreted is how many ways of the programs are interpreted: a number that
// only grows.
const leastInterpreted = 430

// TestInterpretedPrograms gives the programs of testdata/programs to a notebook that
// has no toolchain, in the same ways as TestPrograms: what is not refused must
// behave as go build's does.
func TestInterpretedPrograms(t *testing.T) {
	files := programFiles(t)
	expected := plainOutputs(t, files)
	tc := sharedToolchain(t) // to cut the programs
	ran, refused := map[string]bool{}, map[string]int{}
	runs, refusals := 0, 0
	for _, file := range files {
		p := cutProgram(t, tc, file)
		ways := map[string][]string{"whole": {p.text}, "cut": append(slices.Clone(p.cells), p.main)}
		if !p.noStatements {
			ways["statements"] = append(slices.Clone(p.cells), p.body)
		}
		for _, way := range []string{"whole", "cut", "statements"} {
			if ways[way] == nil {
				continue
			}
			units, why := interpretable(t, ways[way])
			if why != "" {
				refusals++
				refused[why]++
				if testing.Verbose() {
					t.Logf("%s/%s: %s", programName(file), way, why)
				}
				continue
			}
			runs++
			ran[file] = true
			t.Run(programName(file)+"/"+way, func(t *testing.T) { interpretedDiffers(t, units, expected()[file]) })
		}
	}
	t.Logf("%d programs: %d interpreted in at least one way; of %d ways, %d interpreted, %d refused", len(files), len(ran), runs+refusals, runs, refusals)
	if runs < leastInterpreted && !testing.Short() {
		t.Errorf("%d ways are interpreted, %d were once", runs, leastInterpreted)
	}
}

// interpretable checks cells and returns their units, or why one is refused. A
// refusal must say where.
func interpretable(t *testing.T, cells []string) ([]*Cell, string) {
	t.Helper()
	s := NewSession(Config{Export: eval.Export, Packages: eval.Packages()})
	l, err := eval.NewLoader()
	if err != nil {
		t.Fatal(err)
	}
	var all []*Cell
	for i, text := range cells {
		c, err := s.Check(fmt.Sprintf("cell %d", i+1), text)
		if err != nil {
			return nil, "not accepted: " + strings.SplitN(err.Error(), "\n", 2)[0]
		}
		for _, u := range c.Units() {
			err := l.Load(eval.Unit{Hash: u.Hash, Source: u.Source})
			var r *eval.Refusal
			switch {
			case errors.As(err, &r):
				if !r.Pos.IsValid() {
					t.Errorf("no position: %v", err)
				}
				return nil, r.What
			case err != nil:
				t.Errorf("%v\n%s", err, numbered(u.Source))
				return nil, "defect"
			}
		}
		s.Commit(c)
		all = append(all, c)
	}
	return all, ""
}

func interpretedDiffers(t *testing.T, cells []*Cell, want string) {
	nb := newNotebook(t)
	dir := t.TempDir()
	var got strings.Builder
	for _, c := range cells {
		for _, u := range c.Units() {
			file := filepath.Join(dir, u.Hash)
			if err := os.WriteFile(file, u.Source, 0o600); err != nil {
				t.Fatal(err)
			}
			if out := nb.command("interpret " + file); out != "" {
				t.Fatal(out)
			}
		}
		if c.Run {
			nb.command("run " + c.Unit.Hash)
			got.WriteString(translateBack(nb.output))
		}
	}
	if got.String() != want {
		t.Errorf("differs from go run\n%s", firstDifference(got.String(), want))
	}
}
