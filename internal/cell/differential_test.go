package cell

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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

// TestPrograms gives the programs of testdata/programs to go build and to a
// notebook, whole, cut at their top-level declarations, and with the body of main
// as statements, and fails on any difference in what they print or panic with.
func TestPrograms(t *testing.T) {
	files, err := filepath.Glob("testdata/programs/*.go*") // .go.txt: not formatted on purpose
	if err != nil || len(files) == 0 {
		t.Fatal("no programs", err)
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
	expected := plainOutputs(t, files)
	tc := sharedToolchain(t)
	slots := make(chan struct{}, 2)
	for _, file := range files {
		t.Run(programName(file), func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			want := expected()[file]
			p := cutProgram(t, tc, file)
			t.Run("whole", func(t *testing.T) { differ(t, []string{p.text}, want) })
			t.Run("cut", func(t *testing.T) { differ(t, append(slices.Clone(p.cells), p.main), want) })
			if !p.noStatements {
				t.Run("statements", func(t *testing.T) { differ(t, append(slices.Clone(p.cells), p.body), want) })
			}
		})
	}
}

// translated are the places where lowering shows through in a program's output: the
// package of a cell's type inside the name of an instantiated generic type, and the
// exported form of an unexported method in a panic message. Who shows a cell's
// output translates them back.
var translated = regexp.MustCompile(`cell/[0-9a-f]{24}\.|missing method M_`)

func translateBack(s string) string {
	return translated.ReplaceAllStringFunc(s, func(m string) string {
		if strings.HasPrefix(m, "cell/") {
			return "main."
		}
		return strings.TrimSuffix(m, "M_")
	})
}

func programName(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), ".")
	return name
}

// differ runs cells and compares all they print with want.
func differ(t *testing.T, cells []string, want string) {
	t.Helper()
	nb := newNotebook(t)
	var got strings.Builder
	for i, text := range cells {
		nb.output = ""
		if refusal := nb.run(text); refusal != "" && nb.output == "" {
			t.Fatalf("cell %d is refused:\n%s\n%s", i+1, refusal, text)
		}
		got.WriteString(translateBack(nb.output))
	}
	if got.String() == want {
		return
	}
	lowered := ""
	if nb.last != nil && nb.last.Unit != nil && testing.Verbose() {
		lowered = numbered(nb.last.Unit.Source)
	}
	t.Errorf("differs from go run\n%s%s", firstDifference(got.String(), want), lowered)
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
