package cell

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// goModule is a module in a temporary folder.
func goModule(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module exported\n\ngo 1.26\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// goTool runs go in a folder and returns what it printed.
func goTool(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func inputs(cells []string) []Input {
	var in []Input
	for i, text := range cells {
		in = append(in, Input{Name: fmt.Sprintf("cell %d", i+1), Text: text})
	}
	return in
}

// TestExportedProgramsPrintWhatTheNotebookPrinted exports notebooks, builds them
// with go build, and compares.
func TestExportedProgramsPrintWhatTheNotebookPrinted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cells []string
		want  string
	}{
		"statements and results": {
			[]string{"x := 41", "x++\nfmt.Println(x)", "x", "x;", `"a", x`, "type p struct{ A int }\np{1}", "func f() {}\nf()", "len(\"abc\")", "1 + 1;"},
			"42\n42\na, 42\n{A:1}\n3\n",
		},
		"a variable of another type": {
			[]string{"x := 1\nfmt.Println(x)", "x := fmt.Sprint(x, \"!\")\nfmt.Println(x)", "func g() string { return x }", "g()"},
			"1\n1!\n1!\n",
		},
		"functions declared anew, and their callers": {
			[]string{"func f() int { return 1 }", "func g() int { return 10 * f() }", "g()", "func f() int { return 2 }", "g()", "f()"},
			"10\n20\n2\n",
		},
		"types and methods declared anew": {
			[]string{"type T struct{ n int }\nt := T{3}", "func (t T) String() string { return fmt.Sprint(\"T\", t.n) }", "t", "func (t *T) Inc() { t.n++ }", "t.Inc()\nt", "type T struct{ n, b int }", "T{1, 2}.b + t.n"},
			"T3\nT4\n6\n",
		},
		"unused things": {
			[]string{"import (\n\t\"os\"\n\tstr \"strings\"\n)", "if n := 3; true {\n\ty := 1\n}\nfor i, v := range []int{1} {\n}\nswitch z := any(1).(type) {\ncase int:\n}", "u := 5", "str.ToUpper(\"a\")"},
			"A\n",
		},
		"imports": {
			[]string{"import . \"strings\"\nToUpper(\"dot\")", "import _ \"image/png\"", "rand := 3\nrand", "import m \"math\"\nm.Sqrt(16)", "sort := func() int { return 7 }\nsort()", "slices.Max([]int{1, 9})"},
			"DOT\n3\n4\n7\n9\n",
		},
		"control flow at the top level": {
			[]string{"defer fmt.Println(\"last\")\nfmt.Println(\"first\")", "for i := range 3 {\n\tif i == 1 { continue }\n\tfmt.Println(i)\n}", "L:\nfor {\n\tfor { break L }\n}\nfmt.Println(\"out\")"},
			"first\nlast\n0\n2\nout\n",
		},
		"several values, errors, generics, constants": {
			[]string{"n, err := strconv.Atoi(\"12\")", "n, err", "const (\n\tA = iota\n\tB\n)", "B", "func Map[T, U any](s []T, f func(T) U) []U {\n\tvar r []U\n\tfor _, v := range s { r = append(r, f(v)) }\n\treturn r\n}", "Map([]int{1, 2}, strconv.Itoa)", "var m map[string]int\nv, ok := m[\"k\"]\nv, ok", "var a, b = 1, 2.5\na, b"},
			"12, <nil>\n1\n[1 2]\n0, false\n1, 2.5\n",
		},
		"func main and init": {
			[]string{"package main\n\nimport \"fmt\"\n\nvar v = 2\n\nfunc init() { v *= 10 }\n\nfunc main() { fmt.Println(v) }"},
			"20\n",
		},
		"a cell that runs twice": {
			[]string{"n := 0", "n++\nfunc twice() int { return 2 * n }", "n++\nfunc twice() int { return 2 * n }", "twice()"},
			"4\n",
		},
	}
	tc := sharedToolchain(t)
	files := map[string]string{}
	for name, test := range tests {
		p, err := Export(Config{Export: tc.Export, Packages: tc.Packages()}, inputs(test.cells))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		files[strings.NewReplacer(" ", "_", ",", "").Replace(name)+"/main.go"] = string(p.Source)
	}
	dir := goModule(t, files)
	if out, err := goTool(t, dir, "vet", "./..."); err != nil {
		t.Logf("vet: %s", out)
	}
	bin := t.TempDir()
	if out, err := goTool(t, dir, "build", "-o", bin+"/", "./..."); err != nil {
		for name, text := range files {
			t.Logf("%s:\n%s", name, numbered([]byte(text)))
		}
		t.Fatalf("go build: %s", out)
	}
	for name, test := range tests {
		sub := strings.NewReplacer(" ", "_", ",", "").Replace(name)
		out, err := exec.CommandContext(t.Context(), filepath.Join(bin, sub)).CombinedOutput()
		if err != nil || string(out) != test.want {
			t.Errorf("%s: %v\n got %q\nwant %q\n%s", name, err, out, test.want, files[sub+"/main.go"])
		}
	}
}

// TestExportedCorpus exports the programs of the differential suite, cut into
// cells, and compares what they print with the programs as they were.
func TestExportedCorpus(t *testing.T) {
	t.Parallel()
	all, err := filepath.Glob("testdata/programs/*.go")
	if err != nil || len(all) == 0 {
		t.Fatal("no programs", err)
	}
	var files []string
	for i, f := range all {
		if i%5 == 0 {
			files = append(files, f)
		}
	}
	expected := plainOutputs(t, files)
	tc := sharedToolchain(t)
	sources := map[string]string{}
	for _, f := range files {
		p := cutProgram(t, tc, f)
		out, err := Export(Config{Export: tc.Export, Packages: tc.Packages()}, inputs(append(p.cells, p.main)))
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		sources[programName(f)+"/main.go"] = string(out.Source)
	}
	dir, bin := goModule(t, sources), t.TempDir()
	if out, err := goTool(t, dir, "build", "-o", bin+"/", "./..."); err != nil {
		t.Fatalf("go build: %s", out)
	}
	for _, f := range files {
		name := programName(f)
		out, _ := exec.CommandContext(t.Context(), filepath.Join(bin, name)).Output() // some programs end with a panic
		if want, _, _ := strings.Cut(expected()[f], "panic: "); string(out) != want && !strings.HasPrefix(string(out), want) {
			t.Errorf("%s: %s", name, firstDifference(string(out), want))
		}
	}
	t.Logf("%d programs", len(files))
}

func TestTestsOfACellSeeTheSession(t *testing.T) {
	t.Parallel()
	tc := sharedToolchain(t)
	p, err := Tests(Config{Export: tc.Export, Packages: tc.Packages()}, inputs([]string{
		"type vec struct{ x, y float64 }\nfunc (v vec) area() float64 { return v.x * v.y }",
		"unit := 2.0\nside := unit + 1\nfunc square() vec { return vec{side, side} }",
		"fmt.Println(\"must not be printed\")\nother := os.Getpid()",
		"func TestArea(t *testing.T) {\n\tif square().area() != 9 {\n\t\tt.Error(square().area())\n\t}\n}\n\nfunc TestFails(t *testing.T) {\n\tt.Error(\"here\")\n}",
	}))
	if err != nil {
		t.Fatal(err)
	}
	dir := goModule(t, map[string]string{"session.go": string(p.Source), "cell_test.go": string(p.Test)})
	out, err := goTool(t, dir, "test", "-v", ".")
	if err == nil || !strings.Contains(out, "--- PASS: TestArea") || !strings.Contains(out, "cell 4:8: here") || strings.Contains(out, "must not") {
		t.Errorf("%v: %s\n%s\n%s", err, out, p.Source, p.Test)
	}
}

func TestTestsRefuseEmbeddedFiles(t *testing.T) {
	t.Parallel()
	tc := sharedToolchain(t)
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	cells := []string{"import _ \"embed\"\n\n//go:embed texts/a.txt\nvar text string\nn := 1", "func TestIt(t *testing.T) { n++ }", "func TestText(t *testing.T) { t.Log(text) }"}
	c := Config{Export: tc.Export, Packages: tc.Packages(), Dir: filepath.Join(wd, "testdata")}
	if _, err := Tests(c, inputs(cells[:2])); err != nil {
		t.Error(err)
	}
	_, err = Tests(c, inputs(cells))
	if want := "cell 1:3:1: text is used by the tests, which cannot use variables with //go:embed"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestExportRefusesC(t *testing.T) {
	tc := sharedToolchain(t)
	_, err := Export(Config{Export: tc.Export, Packages: tc.Packages(), Cgo: tc.Cgo, Dir: t.TempDir()},
		[]Input{{Name: "cell 1", Text: "x := 1"}, {Name: "cell 2", Text: "// #include <stdlib.h>\nimport \"C\"\nC.abs(1)"}})
	if want := `cell 2:2:8: cells that import "C" cannot be exported`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestExportWritesPackages(t *testing.T) {
	tc := sharedToolchain(t)
	var cells []Input
	for i, text := range []string{
		"package low\n\n// V is a value.\nfunc V() int { return 1 }",
		"package high\n\nimport \"low\"\n\ntype T struct{ N int }\n\nfunc (t T) String() string { return fmt.Sprint(\"T\", t.N) }\n\nfunc New() T { return T{10 * low.V()} }",
		"func use() high.T { return high.New() }\nfmt.Println(use())",
		"package low\n\nfunc V() int { return 2 }",
		"fmt.Println(use())",
	} {
		cells = append(cells, Input{Name: fmt.Sprint("cell ", i+1), Text: text})
	}
	p, err := Export(Config{Export: tc.Export, Packages: tc.Packages()}, cells)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := map[string][]byte{"main.go": p.Source, "go.mod": []byte("module notebook\n\ngo 1.26\n")}
	maps.Copy(files, p.Packages)
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "T20\nT20\n" { // the last version of a package is the program's
		t.Errorf("%v: %s\n%s%s", err, out, p.Source, p.Packages["high/high.go"])
	}
}
