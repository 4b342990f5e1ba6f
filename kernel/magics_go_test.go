package kernel_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
	"github.com/gopar-project/gopar/kernel"
)

// goKernel is a kernel with real Go behind it.
func goKernel(t *testing.T) *running {
	t.Helper()
	g := kernel.NewGoEvaluator(t)
	return start(t, kernel.Config{Evaluator: g}, "tcp")
}

// said is everything a cell came to: what it printed, its result, its error.
func said(e jupytertest.Execution) string {
	text := e.Stream("stdout") + e.Stream("stderr")
	if r := e.Result(); r != "" {
		text += "=> " + r
	}
	if e.Reply.EName != "" {
		text += "! " + e.Reply.EValue
	}
	return text
}

// match runs cells and compares each with a pattern.
func match(t *testing.T, k *running, cells [][2]string) {
	t.Helper()
	for _, c := range cells {
		got := said(k.Execute(c[0]))
		if !regexp.MustCompile("(?s)^" + c[1] + "$").MatchString(got) {
			t.Errorf("%s\n got %q\nwant %s", c[0], got, c[1])
		}
	}
}

func TestTimeitMeasures(t *testing.T) {
	t.Parallel()
	perLoop := `=> [\d.]+ [nµm]?s ± [\d.]+ [nµm]?s per loop \(mean ± std\. dev\. of 2 runs, 10 loops each\)\n[\d.]+ B and [\d.]+ allocations per loop.*`
	match(t, goKernel(t), [][2]string{
		{"func f(n int) int { return n * 2 }\nfunc g() {}\nx := 3", ""},
		{"%timeit -n 10 -r 2 f(x)", perLoop},
		{"%timeit -n 10 -r 2 g()", perLoop},
		{"%timeit -n 10 -r 2 x + 1", perLoop},
		{"%timeit -n 10 -r 2 y := f(x)", perLoop},
		{"%timeit -n 10 -r 2 fmt.Sscan(\"1\", new(int))", perLoop},
		{"%%timeit -n 10 -r 2 s := []int{3, 1, 2}\nc := slices.Clone(s)\nsort.Ints(c)", perLoop},
		{"%timeit -r 1 g()", `=> [\d.]+ [nµ]s ± 0\.00 ns per loop \(mean ± std\. dev\. of 1 run, [\d,]{6,} loops each\)\n0 B and 0 allocations per loop`},
		{"%timeit -n 10 -r 2 -q -o took f(x)", ""},
		{"took.Loops, took.Runs, took.Mean > 0", "=> 10, 2, true"},
		{"x := 4\n%timeit f(zz)", `! cell 11:2:11: undefined: zz`},
		{"%%timeit\nf(x)\nf(\"a\")", `! cell 12:3:3: cannot use "a".*`},
		{"%timeit -n 10 -r 2 panic(\"no\")", `! no`},
	})
}

func TestErrorsOfTimedCodeQuoteTheCell(t *testing.T) {
	t.Parallel()
	e := goKernel(t).Execute("%timeit  -n 5 zz + 1")
	text := strings.Join(e.Reply.Traceback, "\n")
	if !strings.Contains(text, "cell 1:1:15") || !strings.Contains(text, "    %timeit  -n 5 zz + 1\n    "+strings.Repeat(" ", 14)+"\x1b[31m^") {
		t.Errorf("%s", text)
	}
}

func TestErrorsOfCommandsPointAtTheCell(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string][2]string{
		"x := 1\n%time  zz + x":        {"cell 1:2:8", "    %time  zz + x\n    " + strings.Repeat(" ", 7)},
		"%%time  zz\n1":                {"cell 1:1:9", "    %%time  zz\n    " + strings.Repeat(" ", 8)},
		"%native zz":                   {"cell 1:1:9", "    %native zz\n    " + strings.Repeat(" ", 8)},
		"%%native\ny := 2\n\tzz := yy": {"cell 1:3:8", "    \tzz := yy\n    \t" + strings.Repeat(" ", 6)},
	} {
		e := goKernel(t).Execute(cell)
		text := strings.Join(e.Reply.Traceback, "\n")
		if !strings.Contains(text, want[0]+"\x1b") || !strings.Contains(text, want[1]+"\x1b[31m^") {
			t.Errorf("%s\n%s", cell, text)
		}
	}
}

func TestProfShowsFunctionsAndAFlameGraph(t *testing.T) {
	t.Parallel()
	k := goKernel(t)
	k.Execute("func fib(n int) int {\n\tif n < 2 {\n\t\treturn n\n\t}\n\treturn fib(n-1) + fib(n-2)\n}")
	for _, code := range []string{"%prof fib(38)", "%%prof\nn := 38\nfib(n)"} {
		e := k.Execute(code)
		if e.Result() != "39088169" {
			t.Errorf("%s: result %q, %s", code, e.Result(), e.Raw.Content)
		}
		shown := ""
		for _, m := range e.Outputs {
			if m.Header.MsgType == "display_data" {
				shown += string(m.Content)
			}
		}
		for _, want := range []string{"of CPU time in", "fib", "flat", "image/svg+xml", "text/html"} {
			if !strings.Contains(shown, want) {
				t.Errorf("%s: %s is not in %s", code, want, shown)
			}
		}
	}
	match(t, k, [][2]string{{"%prof panic(\"no\")", "! no"}, {"%prof zz", "! cell 5:1:7: undefined: zz"}, {"1", "=> 1"}})
}

func TestPlacesAreTheCells(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	q := regexp.QuoteMeta
	match(t, goKernel(t), [][2]string{
		{"%cd " + dir, "=> " + q(dir)},
		{"%pwd", "=> " + q(dir)},
		{"os.Getwd()", "=> " + q(dir)},
		{"!pwd", q(dir) + "\n"},
		{"%%writefile a b.txt\nx", `! .*it takes the name of one file.*`},
		{"%%writefile 'a b.txt'\none\ntwo", "Writing a b.txt\n"},
		{"%%file -a 'a b.txt'\nthree", "Appending to a b.txt\n"},
		{"%%writefile 'a b.txt'\none\ntwo\nthree", "Overwriting a b.txt\n"},
		{"%ls", "a b.txt\n"},
		{"!!cat 'a b.txt'", `=> \["one" "two" "three"\]`},
		{"os.Mkdir(\"sub\", 0o700)\nos.Chdir(\"sub\")", ""},
		{"!pwd", q(dir+"/sub") + "\n"},
		{"%cd ..", "=> " + q(dir)},
		{"%cd -", "=> " + q(dir+"/sub")},
		{"%cd nowhere", "! chdir nowhere: no such file or directory"},
		{"%env GOPAR_X=some text", "env: GOPAR_X=some text\n"},
		{"os.Getenv(\"GOPAR_X\")", "=> some text"},
		{"!echo $GOPAR_X", "some text\n"},
		{"os.Setenv(\"GOPAR_X\", \"other\")", ""},
		{"%%sh\necho $GOPAR_X", "other\n"},
		{"%env GOPAR_X", "=> other"},
		{"%env GOPAR_CACHE_LIMIT=much", "! size \"much\": want bytes, 8GiB, 500M or off"},
		{"%env GOPAR_NONE", "! the environment has no GOPAR_NONE"},
		{"%mem", "=> .*heap in use.*goroutines.*"},
	})
}

func TestNamesAreListedAndForgotten(t *testing.T) {
	t.Parallel()
	match(t, goKernel(t), [][2]string{
		{"%whos", "=> nothing is declared"},
		{"x := 42\ns := []string{\"a\", \"b\"}\ntype T struct{ N int }\nt := T{1}\nfunc f() int { return x }", ""},
		{"%whos", `=> T +type +T\nf +func +func\(\) int\ns +var +\[\]string +\[a b\]\nt +var +T +\{N:1\}\nx +var +int +42`},
		{"%reset x nope", "! not declared: nope"},
		{"x", "! .*undefined: x.*"},
		{"f()", "=> 0"},
		{"x := \"new\"\nx", "=> new"},
		{"%reset", ""},
		{"%who", "=> nothing is declared"},
	})
}

func TestFilesAreRunAndLoaded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"stats.go":  "package main\n\nimport \"fmt\"\n\nfunc mean(xs ...float64) float64 {\n\tsum := 0.0\n\tfor _, x := range xs {\n\t\tsum += x\n\t}\n\treturn sum / float64(len(xs))\n}\n\nfunc main() { fmt.Println(\"main\", mean(1, 2)) }\n",
		"wrong.go":  "package main\n\nvar a int = \"x\"\n",
		"nb.ipynb":  `{"cells":[{"cell_type":"markdown","source":"# x"},{"cell_type":"code","source":["a := 1\n","a"]},{"cell_type":"code","source":"%time a + 1"}]}`,
		"other.txt": "text",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := goKernel(t)
	match(t, k, [][2]string{
		{"%cd " + dir, "=> .*"},
		{"%run stats.go", "main 1.5\n"},
		{"mean(2, 4)", "=> 3"},
		{"%run wrong.go", `! wrong\.go:3:13: cannot use "x".*`},
		{"%%time\nsum := 0 // never built before: \nvar stamp = " + fmt.Sprint(time.Now().UnixNano()) + "\nfor i := range 3 {\n\tsum += i\n}\nsum", `wall time: [\d.]+[nµm]s \(native\), after \d+ms of checking and building\n=> 3`},
		{"%run nb.ipynb", `wall time: .*\n=> 2`},
		{"%run nope.go", "! .*no such file.*"},
		{"%load nope.go", "! .*no such file.*"},
	})
	for code, want := range map[string]string{
		"%load other.txt":               `"text":"// %load other.txt\ntext"`,
		"%%fmt\nx:=1\nfunc f( ){ }":     `"text":"x := 1\nfunc f() {}"`,
		"%fmt 3":                        `"text":"mean(2, 4)"`,
		"%%fmt\nfor{ break }\n!ls\ny=2": `"text":"for {\n\tbreak\n}\n!ls\ny = 2"`,
	} {
		e := k.Execute(code)
		if got := string(e.Raw.Content); !strings.Contains(got, strings.ReplaceAll(strings.ReplaceAll(want, "\n", `\n`), "\t", `\t`)) || !strings.Contains(got, `"replace":true`) {
			t.Errorf("%s: %s", code, got)
		}
	}
	if got := said(k.Execute("%history -n 2-3")); got != "2: %run stats.go\n3: mean(2, 4)\n" {
		t.Errorf("history: %q", got)
	}
	if got := said(k.Execute("%history -g 'mean*'")); got != "mean(2, 4)\n" {
		t.Errorf("history: %q", got)
	}
	match(t, k, [][2]string{{"%doc mean", "=> func mean.*"}, {"%doc strings.Cut", "=> func .*Cut.*slices s around.*"}, {"%doc nope", "! nothing is known about nope"}})
}

func TestGoToolsSeeTheSession(t *testing.T) {
	t.Parallel()
	match(t, goKernel(t), [][2]string{
		{"type vec struct{ x, y float64 }\nfunc (v vec) area() float64 { return v.x * v.y }", ""},
		{"side := 3.0\nfmt.Println(\"once\")", "once\n"},
		{"%%test -v\nfunc TestArea(t *testing.T) {\n\tif got := (vec{side, side}).area(); got != 9 {\n\t\tt.Error(got)\n\t}\n}", `=== RUN   TestArea\n--- PASS: TestArea.*\nPASS\nok .*`},
		{"%%test\nfunc TestFails(t *testing.T) {\n\tt.Error(\"on purpose\")\n}", `--- FAIL: TestFails.*\n    cell 4:3: on purpose\nFAIL.*! go test found something: see above`},
		{"%%test\nfunc TestWrong(t *testing.T) { zz() }", `! cell 5:2:32: undefined: zz`},
		{"%%bench -benchtime 10x\nfunc BenchmarkArea(b *testing.B) {\n\tfor b.Loop() {\n\t\tvec{1, 2}.area()\n\t}\n}", `.*BenchmarkArea.* ns/op.* allocs/op\nPASS\nok .*`},
		{"%vet", ""},
		{"func bad() string {\n\treturn fmt.Sprintf(\"%d\", \"x\")\n}", `vet: cell 8:2:22: fmt\.Sprintf format %d has arg "x" of wrong type string\n`},
		{"%vet", `.*cell 8:2:.*Sprintf format %d has arg "x" of wrong type string.*! go vet found something: see above`},
	})
}

func TestExportIsAProgramThatPrintsTheSame(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := goKernel(t)
	printed := ""
	for _, code := range []string{
		"x := 20", "func double(n int) int { return 2 * n }", "%time y := double(x)", "fmt.Println(x, y)", "y + 2",
		"func double(n int) int { return n + n + 1 }\ndouble(1)", "%timeit -n 1 -r 1 double(1);", "panic(\"not part of it\")", "!echo no", "display.HTML(\"<b>x</b>\")",
	} {
		e := k.Execute(code)
		if strings.HasPrefix(code, "%") || strings.HasPrefix(code, "!") || e.Reply.EName != "" {
			continue
		}
		printed += e.Stream("stdout")
		if r := e.Result(); r != "" {
			printed += r + "\n"
		}
	}
	match(t, k, [][2]string{{"%export " + dir + "/out", "Wrote .*out\n"}, {"%export " + dir + "/out.go", "Wrote .*out.go; it imports modules.*\n"}})
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir = filepath.Join(dir, "out")
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != printed {
		source, _ := os.ReadFile(filepath.Join(dir, "out", "main.go"))
		t.Errorf("%v: %q, the notebook printed %q\n%s", err, out, printed, source)
	}
}

func TestTestsAndExportsHaveTheNotebooksModules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lib := filepath.Join(dir, "lib")
	if err := os.Mkdir(lib, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"go.mod": "module example.com/lib\n\ngo 1.26\n", "lib.go": "package lib\n\nfunc N() int { return 7 }\n"} {
		if err := os.WriteFile(filepath.Join(lib, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := start(t, kernel.Config{Evaluator: kernel.NewGoEvaluatorIn(t, dir)}, "tcp")
	match(t, k, [][2]string{
		{"%mod replace example.com/lib=./lib", ".*"},
		{"import \"example.com/lib\"\nfunc twice() int { return 2 * lib.N() }\nfmt.Println(twice())", "14\n.*"},
		{"import \"github.com/google/uuid\"\nid := uuid.Nil.String()\nfmt.Println(id)", "00000000-0000-0000-0000-000000000000\n.*"},
		{"%%test\nimport \"testing\"\nfunc TestTwice(t *testing.T) {\n\tif twice() != 2*lib.N() || uuid.Nil.String() == \"\" {\n\t\tt.Error(twice())\n\t}\n}", ".*ok .*"},
		{"%%test -v -run Example\nfunc Example_twice() {\n\tfmt.Println(twice())\n\t// Output: 14\n}", `.*--- PASS: Example_twice.*ok .*`},
		{"%%test -run Fuzz\nfunc FuzzTwice(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(t *testing.T, n int) {\n\t\tif n+n != 2*n {\n\t\t\tt.Error(n)\n\t\t}\n\t})\n}", ".*ok .*"},
		{"%%test\nimport \"github.com/google/go-cmp/cmp\"\nfunc TestFetched(t *testing.T) {\n\tif d := cmp.Diff(1, 2); d == \"\" {\n\t\tt.Error(d)\n\t}\n}", ".*ok .*pinned github.com/google/go-cmp.*"},
		{"%%bench -benchtime 10x\nfunc BenchmarkTwice(b *testing.B) {\n\tfor b.Loop() {\n\t\ttwice()\n\t}\n}", ".*BenchmarkTwice.* ns/op.*ok .*"},
		{"%export " + dir + "/out", "Wrote .*out\n"},
	})
	cmd := exec.CommandContext(t.Context(), "go", "run", ".")
	cmd.Dir = filepath.Join(dir, "out")
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if want := "14\n00000000-0000-0000-0000-000000000000\n"; err != nil || string(out) != want {
		mod, _ := os.ReadFile(filepath.Join(dir, "out", "go.mod"))
		t.Errorf("%v: %q, want %q\n%s", err, out, want, mod)
	}
}
