package cell

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gopar-project/gopar/internal/native"
)

// Lines that a program may contain to tell how it is cut.
const (
	// methodsApart puts every method into a cell of its own, after its type.
	methodsApart = "//differential:methods apart"
	// noStatements is for programs whose main defines names that hide names of the
	// package: at the top level of a cell that redefines them, which is the point
	// of cells and no difference.
	noStatements = "//differential:main hides names"
)

// batch is how many programs are linked into one object: linking takes most of the
// time of building small units.
const batch = 12

// TestPrograms gives the programs of testdata/programs to go build and to a
// notebook, whole, cut at their top-level declarations, and with the body of main
// as statements, and fails on any difference in what they print or panic with.
func TestPrograms(t *testing.T) {
	files := programFiles(t)
	expected := plainOutputs(t, files)
	tc := sharedToolchain(t)
	var ways atomic.Int64
	slots := make(chan struct{}, 2)
	t.Run("all", func(t *testing.T) {
		for some := range batches(files) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				attempts := checkPrograms(t, tc, some)
				var object *native.Object
				if !large(some[0]) {
					object = link(t, tc, attempts)
				}
				for _, a := range attempts {
					ways.Add(1)
					if large(a.file) {
						object = link(t, tc, []*attempt{a})
					}
					t.Run(programName(a.file)+"/"+a.way, func(t *testing.T) { a.differ(t, object, expected()[a.file]) })
				}
			})
		}
	})
	t.Logf("%d programs, each compiled in up to 3 ways: %d runs of compiled cells compared with go build", len(files), ways.Load())
}

// batches cuts a list of files. Large programs are on their own, each way: units
// that are in one process belong to one session, in which there is one type for
// every anonymous struct.
func batches(files []string) iter.Seq[[]string] {
	small := slices.Clone(files)
	small = slices.DeleteFunc(small, large)
	return func(yield func([]string) bool) {
		for _, f := range files {
			if large(f) && !yield([]string{f}) {
				return
			}
		}
		for some := range slices.Chunk(small, batch) {
			if !yield(some) {
				return
			}
		}
	}
}

// large reports whether a program is one of those that are in no folder.
func large(file string) bool { return filepath.Base(filepath.Dir(file)) == "programs" }

// programFiles lists the programs; a third of them in short tests.
func programFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"testdata/programs/*.go*", "testdata/programs/*/*.go"} { // .go.txt: not formatted on purpose
		some, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, some...)
	}
	if len(files) < 250 {
		t.Errorf("%d programs: some are gone", len(files))
	}
	if testing.Short() {
		third := files[:0]
		for i, f := range files {
			if i%3 == 0 {
				third = append(third, f)
			}
		}
		files = third
	}
	return files
}

// attempt is a program given to a notebook in one way.
type attempt struct {
	file, way string
	texts     []string
	cells     []*Cell
	refusal   string // why a cell is refused
}

// checkPrograms checks the cells of programs, each in every way.
func checkPrograms(t *testing.T, tc *native.Toolchain, files []string) []*attempt {
	t.Helper()
	var all []*attempt
	for _, file := range files {
		p := cutProgram(t, tc, file)
		all = append(all, &attempt{file: file, way: "whole", texts: []string{p.text}},
			&attempt{file: file, way: "cut", texts: append(slices.Clone(p.cells), p.main)})
		if !p.noStatements {
			all = append(all, &attempt{file: file, way: "statements", texts: append(slices.Clone(p.cells), p.body)})
		}
	}
	for _, a := range all {
		s := NewSession(Config{Export: tc.Export, Packages: tc.Packages()})
		for i, text := range a.texts {
			c, err := s.Check(fmt.Sprintf("cell %d", i+1), text)
			if err != nil {
				a.refusal = fmt.Sprintf("cell %d is refused:\n%v\n%s", i+1, err, text)
				break
			}
			s.Commit(c)
			a.cells = append(a.cells, c)
		}
	}
	return all
}

// link builds the units of all cells into one object.
func link(t *testing.T, tc *native.Toolchain, attempts []*attempt) *native.Object {
	t.Helper()
	var units []*native.Unit
	hash := sha256.New()
	for _, a := range attempts {
		for _, c := range a.cells {
			for _, u := range c.Units() {
				units = append(units, u)
				hash.Write([]byte(u.Hash))
			}
		}
	}
	o, err := tc.BuildTogether(t.Context(), fmt.Sprintf("all%x", hash.Sum(nil)[:10]), units)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// differ runs the cells in a process of their own and compares all they print with
// want.
func (a *attempt) differ(t *testing.T, object *native.Object, want string) {
	if a.refusal != "" {
		t.Fatal(a.refusal)
	}
	nb := newNotebook(t)
	if out := nb.command("open " + object.Path); strings.HasPrefix(out, "open:") {
		t.Fatal(out)
	}
	var got strings.Builder
	for _, c := range a.cells {
		if c.Run {
			nb.command("run " + c.Unit.Hash)
			got.WriteString(translateBack(nb.output))
		}
	}
	if got.String() == want {
		return
	}
	lowered := ""
	if testing.Verbose() {
		for _, c := range a.cells {
			if c.Unit != nil {
				lowered += numbered(c.Unit.Source)
			}
		}
	}
	t.Errorf("differs from go run\n%s%s", firstDifference(got.String(), want), lowered)
}

// translateBack undoes the place where lowering shows through in a program's output:
// the exported form of an unexported method in a panic message. Who shows a cell's
// output translates it back.
func translateBack(s string) string {
	return strings.ReplaceAll(s, "missing method M_", "missing method ")
}

// programName is the file's name with that of its folder, if it has one.
func programName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	if folder := filepath.Base(filepath.Dir(file)); folder != "programs" {
		return folder + "__" + name // not with _: there are generics/types.go and generics_types.go
	}
	return name
}

// firstDifference shows where two outputs part.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		a, b := "(end)", "(end)"
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n got: %s\nwant: %s\n", i+1, a, b)
		}
	}
	return ""
}

var sharedToolchain = func() func(t *testing.T) *native.Toolchain {
	var once sync.Once
	var tc *native.Toolchain
	var err error
	return func(t *testing.T) *native.Toolchain {
		t.Helper()
		once.Do(func() {
			tc, err = native.Open(t.Context(), native.Options{Exe: hostBinary, Source: "../.."})
		})
		if err != nil {
			t.Fatal(err)
		}
		return tc
	}
}()
