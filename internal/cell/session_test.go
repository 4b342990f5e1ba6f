package cell

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/native"
)

var hostBinary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gopar-cell")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	hostBinary = filepath.Join(dir, "host")
	build := exec.Command("go", "build", "-trimpath", "-o", hostBinary, "./testdata/host")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir) // best effort: a temporary folder
	os.Exit(code)
}

// notebook is a session whose cells are really compiled and run, in a process of
// their own.
type notebook struct {
	t    *testing.T
	s    *Session
	tc   *native.Toolchain
	in   io.Writer
	out  *bufio.Scanner
	n    int
	last *Cell
	open map[string]bool
	kill func() // ends the process of the cells

	output string // of the last command, to the byte
}

func newNotebook(t *testing.T) *notebook {
	t.Helper()
	tc := sharedToolchain(t)
	cmd := exec.CommandContext(t.Context(), hostBinary)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // a host killed by the test's context is no failure
	})
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s := NewSession(Config{Export: tc.Export, Packages: tc.Packages(), Cgo: tc.Cgo, Dir: filepath.Join(wd, "testdata")})
	return &notebook{t: t, s: s, tc: tc, in: in, out: bufio.NewScanner(out), open: map[string]bool{}, kill: func() {
		_ = cmd.Process.Kill() // it may have ended
	}}
}

// run executes a cell and returns what it printed, or its errors.
func (nb *notebook) run(text string) string {
	nb.t.Helper()
	nb.n++
	c, err := nb.s.Check(fmt.Sprintf("cell %d", nb.n), text)
	if err != nil {
		return err.Error()
	}
	nb.last = c
	for _, u := range c.Units() {
		if nb.open[u.Hash] {
			continue
		}
		o, err := nb.tc.Build(nb.t.Context(), u)
		var missing *native.CgoError
		if errors.As(err, &missing) {
			return missing.Error()
		}
		if err != nil {
			nb.t.Fatalf("cell %d: %v\n%s", nb.n, err, numbered(u.Source))
		}
		nb.open[u.Hash] = true
		if out := nb.command("open " + o.Path); out != "" && strings.HasPrefix(out, "open:") {
			nb.t.Fatalf("cell %d: %s", nb.n, out)
		}
	}
	nb.s.Commit(c)
	said := c.Notes
	if len(c.Dropped) > 0 {
		said = append(said, "dropped: "+strings.Join(c.Dropped, " "))
	}
	if c.packages != nil && len(c.Rebuilt)+len(c.Outdated) > 0 {
		said = append(said, "rebuilt: "+strings.Join(c.Rebuilt, " "))
	}
	if len(c.Dropped)+len(c.packages) > 0 && len(c.Outdated) > 0 {
		said = append(said, "outdated: "+strings.Join(c.Outdated, " "))
	}
	if c.Run {
		if out := nb.command("run " + c.Unit.Hash); out != "" {
			said = append(said, out)
		}
	}
	return strings.Join(said, "\n")
}

// commandLimit is how long a cell of a test may take on a busy machine.
const commandLimit = 2 * time.Minute

func (nb *notebook) command(c string) string {
	nb.t.Helper()
	fmt.Fprintln(nb.in, c)
	deadline := time.AfterFunc(commandLimit, nb.kill) // its output ends, and the test fails
	defer deadline.Stop()
	var lines []string
	for nb.out.Scan() {
		if nb.out.Text() == "-- done" {
			nb.output = strings.Join(lines, "\n")
			return strings.TrimSuffix(nb.output, "\n")
		}
		lines = append(lines, nb.out.Text())
	}
	nb.t.Fatalf("host ended, or %q took longer than %v: %s", c, commandLimit, strings.Join(lines, "\n"))
	return ""
}

func numbered(src []byte) string {
	var b strings.Builder
	for i, line := range strings.Split(string(src), "\n") {
		fmt.Fprintf(&b, "%3d %s\n", i+1, line)
	}
	return b.String()
}

// sessionStep is a cell of a scripted session and what it must print.
type sessionStep struct{ cell, want string }

// TestSessions runs scripted sessions: cells and what each must print.
func TestSessions(t *testing.T) {
	t.Parallel()
	runSessions(t, map[string][]sessionStep{
		"values live between cells": {
			{"x := 41", ""}, {"x++", ""}, {"x", "=> 42"}, {"fmt.Println(x, x+1)", "42 43"},
		},
		"the last expression is the result": {
			{"1+1", "=> 2"}, {"1+1;", ""}, {`strings.Cut("a=b", "=")`, "=> a b true"}, {"_, err := strconv.Atoi(\"x\"); err", `=> strconv.Atoi: parsing "x": invalid syntax`},
			{`"a" + "b"`, "=> ab"}, {`os.Unsetenv("NOSUCH")`, ""}, {"var e error\ne", "=> <nil>"}, {"func f() {}\nf()", ""},
		},
		"structs with and without a name": {
			{"type T struct{ x, y int }\nfunc sum(ts ...T) (n int) {\n\tfor _, t := range ts {\n\t\tn += t.x + t.y\n\t}\n\treturn\n}\nfunc two() (struct{ x, y int }, error) { return struct{ x, y int }{3, 4}, nil }\nvar t T", ""},
			{"t = struct{ x, y int }{1, 2}\nt", "=> {1 2}"},
			{"var u struct{ x, y int } = t\nu.x, u == t, t == u", "=> 1 true true"},
			{"sum(u, t, struct{ x, y int }{5, 5})", "=> 16"},
			{"func back() T { return u }\nfunc forth() struct{ x, y int } { return t }\nback(), forth()", "=> {1 2} {1 2}"},
			{"ts := []T{u, {7, 8}}\nts = append(ts, u)\nm := map[T]struct{ x, y int }{u: t}\nm[u], len(ts), ts[2]", "=> {1 2} 3 {1 2}"},
			{"ch := make(chan T, 1)\nch <- u\n<-ch", "=> {1 2}"},
			{"type box struct{ t T }\nb := box{u}\nc := &box{t: u}\nf := func() T { return u }\nb, c.t, f()", "=> {{1 2}} {1 2} {1 2}"},
			{"switch t {\ncase u:\n\tfmt.Println(\"same\")\n}\ngo func(t T) { _ = t }(u)", "same"},
			{"var err error\nt, err = two()", "cell 10:2:10: result 1, a struct{x int; y int}, becomes a T, whose fields another cell declares: assign it to a variable first"},
			{"v, err := two()\nt = v\nt, err", "=> {3 4} <nil>"},
		},
		"names of instances": {
			{"type T struct{ v int }\ntype L[E any] struct{ es []E }\nfunc (l L[E]) String2() string { return fmt.Sprintf(\"%T\", l) }", ""},
			{"fmt.Printf(\"%T %T\\n\", L[T]{}, map[string]*L[L[T]]{})\nL[T]{}.String2()", "main.L[main.T] map[string]*main.L[main.L[main.T]]\n=> main.L[main.T]"},
			{"len(reflect.TypeFor[L[T]]().Name()), reflect.TypeFor[L[T]]().String()", "=> 9 main.L[main.T]"},
			{"var x any = L[T]{}\nx.(L[int])", "panic: interface conversion: interface {} is main.L[main.T], not main.L[int]"},
			{"package shapes\n\ntype R struct{}\ntype S[T any] struct{}\n\nfunc N() any { return S[R]{} }", ""},
			{"fmt.Printf(\"%T %T %T\\n\", L[shapes.R]{}, shapes.S[T]{}, shapes.N())", "main.L[shapes.R] shapes.S[main.T] shapes.S[shapes.R]"},
			{"type T struct{ w string }\nfmt.Printf(\"%T %v\\n\", L[T]{}, any(L[T]{}) == nil)\n_, ok := x.(L[T])\nok", "main.L[main.T] false\n=> false"},
		},
		"imports anywhere": {
			{"s := 1\nimport str \"strings\"\nfunc up(t string) string { return str.ToUpper(t) }\nimport (\n\t\"os\"\n\t_ \"image/gif\"\n)\nup(\"a\"), os.Getpid() > s\nimport . \"math\"", "=> A true"},
			{"Sqrt(4)", "=> 2"},
			{"x := 1; import \"sort\"; sort.IsSorted(nil)\nzz", "cell 3:2:1: undefined: zz"},
			{"package main\nimport \"fmt\"\nfunc a() { fmt.Println(1) }\npackage main\n\nimport (\n\t\"fmt\"\n)\na()", "1"},
		},
		"build constraints": {
			{"//go:build windows || plan9\n\npackage main\n\nvar w = 1", "cell 1:1:1: not run: //go:build windows || plan9 excludes this machine (" + runtime.GOOS + "/" + runtime.GOARCH + ")"},
			{"w", "cell 2:1:1: undefined: w"},
			{"// about it\n\n//go:build !windows && go1.20 && gc && cgo\nvar w = 2", ""}, {"w", "=> 2"},
			{"//go:build ignore\n\npackage main\n\nfunc main() { fmt.Println(\"by itself\") }", "by itself"},
			{"w = 3\n//go:build linux\nw", "cell 6:2:1: //go:build must stand before the cell's code"},
			{"//go:build linux &&\nw", "cell 7:1:1: unexpected end of expression"},
			{"\"//go:build windows\"", "=> //go:build windows"},
		},
		"methods that do not fit a type any more are dropped": {
			{"type rect struct{ w, h int }", ""}, {"func (r rect) area() int { return r.w * r.h }\nfunc (r rect) width() int { return r.w }", ""},
			{"func twice(r rect) int { return 2 * r.area() }\nold := rect{2, 3}", ""},
			{"type rect struct{ w float64 }", "dropped: rect.area rect.width\noutdated: twice"},
			{"rect{1}.area()", "cell 5:1:9: rect{…}.area undefined (type rect has no field or method area)"},
			{"old.area(), twice(old)", "=> 6 12"},
			{"func (r rect) width() float64 { return r.w }\nrect{4}.width()", "=> 4"},
			{"type rect struct{ w int64 }\nfunc (r rect) width() int64 { return r.w + 1 }\nrect{4}.width()", "=> 5"},
		},
		"definitions anew": {
			{"x := 1", ""}, {"x := 2", ""}, {"x", "=> 2"}, {"x := 3\nx := 4", "cell 4:2:3: no new variables on left side of :="},
			{"x, y := 5, 6\ny, x := x, y\nx", "cell 5:2:6: no new variables on left side of :="},
			{"x := \"s\"; x", "=> s"}, {"var x = 1\nvar x = 2", "cell 7:2:5: x redeclared in this block\n\tother declaration of x"},
		},
		"functions and variables of one cell": {
			{"k := 3\nfunc scale(n int) int { return n * k }\nscale(2)", "=> 6"}, {"k = 5", ""}, {"scale(2)", "=> 10"},
		},
		"unexported fields and methods across cells": {
			{"type vec struct{ x, y float64 }\nfunc (v vec) area() float64 { return v.x * v.y }\nfunc (v *vec) grow(k float64) { v.x *= k }", ""},
			{"v := vec{2, 3}\nv.x, v.area()", "=> 2 6"},
			{"v.grow(10); v.y = 1; p := &v; p.x++\nv", "=> {21 1}"},
			{"vs := []vec{{1, 2}, {x: 3}}\nps := []*vec{{4, 5}}\nm := map[vec]string{{1, 2}: \"a\"}\nfmt.Printf(\"%+v %+v %v %T\\n\", vs, *ps[0], m, vs)", "[{x:1 y:2} {x:3 y:0}] {x:4 y:5} map[{1 2}:a] []main.vec"},
			{"func mk() vec { return vec{7, 8} }\nmk().y", "=> 8"},
			{"type shape interface{ area() float64 }\nvar s shape = v\ns.area()", "=> 21"},
			{"type box struct { vec; name string }\nb := box{vec{1, 2}, \"n\"}\nfmt.Println(b.x, b.area(), b.vec.y)", "1 2 2"},
			{"b.y = 9\nb", "=> {{1 9} n}"},
			{"f := func(w vec) float64 { return w.x }\nf(v)", "=> 21"},
			{"switch t := any(v).(type) { case vec: fmt.Println(\"vec\", t.x) }", "vec 21"},
		},
		"anonymous structs": {
			{"pts := []struct{ x, y int }{{1, 2}, {3, 4}}", ""},
			{"sum := 0\nfor _, p := range pts { sum += p.x * p.y }\nsum", "=> 14"},
			{"pts = append(pts, struct{ x, y int }{5, 6})\npts", "=> [{1 2} {3 4} {5 6}]"},
		},
		"generics": {
			{"func Map[T, U any](s []T, f func(T) U) []U { var o []U; for _, v := range s { o = append(o, f(v)) }; return o }", ""},
			{"Map([]int{1, 2}, func(i int) string { return fmt.Sprint(i * 2) })", "=> [2 4]"},
			{"type list[T any] struct { items []T }\nfunc (l *list[T]) push(v T) { l.items = append(l.items, v) }\nfunc (l list[T]) len() int { return len(l.items) }", ""},
			{"l := &list[string]{}\nl.push(\"a\"); l.push(\"b\")\nfmt.Println(l.len(), l.items[1])\nfmt.Printf(\"%T\\n\", l)", "2 b\n*main.list[string]"},
			{"type num interface{ ~int | ~float64 }\nfunc Sum[T num](xs ...T) (s T) { for _, x := range xs { s += x }; return }\nSum(1, 2, 3)", "=> 6"},
			{"Sum(1.5, 2)", "=> 3.5"},
			{"type set[T comparable] map[T]struct{}\ns := set[int]{1: {}}\nlen(s)", "=> 1"},
		},
		"redefinition": {
			{"x := 1\nfunc get() int { return x }", ""}, {"x := 2\nget()", "=> 2"},
			{"func f() int { return 1 }", ""}, {"func g() int { return f() * 10 }\ng()", "=> 10"}, {"func f() int { return 2 }", ""}, {"g()", "=> 20"},
			{"x := \"now a string\"", ""}, {"x", "=> now a string"},
			{"type t struct{ a int }\nold := t{1}", ""}, {"type t struct{ a, b int }\nnew := t{1, 2}", ""}, {"fmt.Println(old, new)", "{1} {1 2}"},
			{"y := 1", ""}, {"y := y + 1", ""}, {"y", "=> 2"}, {"y := fmt.Sprint(y, \"!\")", ""}, {"y", "=> 2!"},
		},
		"methods added later": {
			{"type p struct{ x int }\nv := p{3}\nvs := []p{{1}}", ""}, {"func (q p) Double() int { return q.x * 2 }", ""}, {"v.Double(), vs", "=> 6 [{1}]"},
			{"v.Double()", "=> 6"}, {"vs[0].Double()", "=> 2"}, {"v.x = 10", ""}, {"v.Double()", "=> 20"},
		},
		"constants": {
			{"const n = 3\nconst (a = iota; b; c)\nconst big = 1 << 70", ""}, {"var arr [n]int\nlen(arr) + c", "=> 5"}, {"big >> 68", "=> 4"},
			{"type day int\nconst (mon day = iota; tue)\nfunc (d day) String() string { return [...]string{\"Mo\", \"Tu\"}[d] }", ""}, {"tue", "=> Tu"}, {"[]day{mon, tue}", "=> [Mo Tu]"},
		},
		"errors are complete and change nothing": {
			{"x := 1", ""},
			{"y := x + zz\nq := 3", "cell 2:1:10: undefined: zz"},
			{"q", "cell 3:1:1: undefined: q"},
			{"var a int = \"s\"\nfoo(a)\nx = \"t\"", "cell 4:1:13: cannot use \"s\" (untyped string constant) as int value in variable declaration\ncell 4:2:1: undefined: foo\ncell 4:3:5: cannot use \"t\" (untyped string constant) as int value in assignment"},
			{"for {", "cell 5:1:5: { is never closed"},
			{"x", "=> 1"},
			{"strngs.ToUpper(\"a\")", "cell 7:1:1: undefined: strngs (did you mean strings?)"},
			{"value := 3", ""}, {"vale", "cell 9:1:1: undefined: vale (did you mean value?)"},
			{"z := z + 1", "cell 10:1:6: undefined: z"},
			{"var arr [3]int\narr[3]", "cell 11:2:5: invalid argument: index 3 out of bounds [0:3]"},
		},
		"struct types that cells cannot share": {
			{"type pair[T any] = struct{ a, b T }\nfunc mk[T any](v T) (r struct{ val T }) { r.val = v; return }\nmk(1).val, pair[int]{1, 2}", "=> 1 {1 2}"},
			{"mk(2)", "cell 2:1:1: " + fmt.Sprintf(unnamedFields, "mk")}, {"p := pair[string]{}", "cell 3:1:6: " + fmt.Sprintf(unnamedFields, "pair")},
		},
		"names that compiled cells need": {
			{"type vec int\ntype T_vec string", "cell 1:2:6: T_vec and vec cannot be declared in one cell: rename one"},
			{"const one = 1\nconst C_one = 2", "cell 2:2:7: C_one and one cannot be declared in one cell: rename one"},
			{"type sq int\nfunc (sq) area() {}\nfunc (sq) M_area() {}", "cell 3:3:11: sq.M_area and its method area cannot be told apart in compiled cells: rename one"},
			{"gopar__x := 1", "cell 4:1:1: names that begin with gopar__ are gopar's own"},
		},
		"unused things are allowed": {
			{"import \"net/url\"\nfunc f() { a := 1; var b, c int; if d := 2; true {}; for i, v := range []int{1} {}; switch e := any(1).(type) { case int: } }\nf()", ""},
		},
		"statements": {
			{"sum := 0\nfor i := range 5 { if i == 3 { continue }; sum += i }\nsum", "=> 7"},
			{"var wg sync.WaitGroup\nres := make([]int, 3)\nfor i := range 3 { wg.Add(1); go func(k int) { defer wg.Done(); res[k] = k * k }(i) }\nwg.Wait()\nres", "=> [0 1 4]"},
			{"go func() { panic(\"in goroutine\") }()\ntime.Sleep(50 * time.Millisecond)", "goroutine panic: in goroutine"},
			{"defer fmt.Println(\"deferred\")\nfmt.Println(\"body\")", "body\ndeferred"},
			{"outer:\nfor i := range 3 { for j := range 3 { if j == 1 { continue outer }; if i == 2 { break outer }; fmt.Println(i, j) } }", "0 0\n1 0"},
			{"os.Exit(3)", "panic: os.Exit(3)"},
			{"log.Fatalf(\"no %d\", 1)", "panic: no 1"},
			{"ch := make(chan int, 1)\nselect { case ch <- 1: default: }\nselect { case v := <-ch: fmt.Println(v) }", "1"},
			{"a, b := 1, 2\na, b = b, a\nfmt.Println(a, b)", "2 1"},
			{"func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }\nfib(20)", "=> 6765"},
			{"var e error\n_, e = os.Open(\"/nonexistent\")\nvar pe *fs.PathError\nerrors.As(e, &pe)", "=> true"},
			{"i := 0\nloop:\n\tif i < 3 { i++; goto loop }\ni", "=> 3"},
		},
		"a whole program": {
			{"package main\n\nimport \"fmt\"\n\nvar a = b + 1\nvar b = f()\n\nfunc f() int { return 10 }\n\nfunc init() { fmt.Println(\"init\") }\n\nfunc main() { fmt.Println(a, b) }", "init\n11 10"},
		},
	})
}

// runSessions runs scripted sessions by name, each in a process of its own.
func runSessions(t *testing.T, tests map[string][]sessionStep) {
	t.Helper()
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nb := newNotebook(t)
			for _, st := range steps {
				if got := nb.run(st.cell); got != st.want {
					src := ""
					if nb.last != nil && nb.last.Unit != nil {
						src = numbered(nb.last.Unit.Source)
					}
					t.Fatalf("cell %d:\n%s\n got: %s\nwant: %s\n%s", nb.n, st.cell, got, st.want, src)
				}
			}
		})
	}
}
