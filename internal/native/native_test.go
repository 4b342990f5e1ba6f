package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// lab is where the tests of this package build: one host binary and one cache, as preparing export data takes a second.
var lab struct{ host, cache, source string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gopar-native-")
	if err != nil {
		panic(err)
	}
	lab.source, _ = filepath.Abs("../..")
	lab.host, lab.cache = filepath.Join(dir, "host"), filepath.Join(dir, "cache")
	cmd := exec.Command("go", "build", "-trimpath", "-o", lab.host, "./testdata/host")
	if out, err := cmd.CombinedOutput(); err != nil {
		panic(fmt.Sprint(err, string(out)))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func open(t testing.TB) *Toolchain {
	t.Helper()
	tc, err := Open(t.Context(), Options{Dir: lab.cache, Source: lab.source, Exe: lab.host})
	if err != nil {
		t.Fatal(err)
	}
	return tc
}

// source makes the source of a unit that registers itself and whose Run executes body.
func source(hash, imports, decls, body string) []byte {
	return []byte("package main\n\nimport \"github.com/gopar-project/gopar/internal/unit\"\n" + imports +
		"\nfunc init() { unit.Register(&unit.Table{Hash: \"" + hash + "\", Run: run}) }\n//line cell 3:1\n" + decls +
		"\nfunc run() {\n" + body + "\n}\n")
}

const unitPkg = modulePath + "/internal/unit"

func build(t testing.TB, tc *Toolchain, u *Unit) *Object {
	t.Helper()
	o, err := tc.Build(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	if err := tc.Check(*o); err != nil {
		t.Fatal(err)
	}
	return o
}

func run(t *testing.T, hash string, objects ...*Object) string {
	t.Helper()
	args := []string{hash}
	for _, o := range objects {
		args = append(args, o.Path)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, lab.host, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func TestUnitsShareVariablesAndTypesWithEachOther(t *testing.T) {
	tc := open(t)
	a := &Unit{Hash: "shareA", Imports: []string{unitPkg}, Source: source("shareA", "",
		"type vec struct{ X int }\ntype T_vec = vec\nvar v vec\n", "v.X = 41")}
	b := &Unit{Hash: "shareB", Imports: []string{"fmt", unitPkg}, Deps: []string{"shareA"}, Source: source("shareB",
		"import \"fmt\"\nimport a \"cell/shareA\"\nimport _ \"unsafe\"\n",
		"type vec = a.T_vec\n//go:linkname v cell/shareA.v\nvar v vec\n", "unit.Lookup(\"shareA\").Run(); v.X++; fmt.Printf(\"%T %v\", v, v)")}
	oa := build(t, tc, a)
	ob := build(t, tc, b)
	if got := run(t, "shareB", oa, ob); got != "main.vec {42}" {
		t.Fatalf("got %q", got)
	}
}

func TestPositionsAreThoseOfTheCell(t *testing.T) {
	tc := open(t)
	o := build(t, tc, &Unit{Hash: "pos", Imports: []string{"fmt", "runtime", unitPkg}, Source: source("pos",
		"import (\n\"fmt\"\n\"runtime\"\n)\n", "func where() { _, f, l, _ := runtime.Caller(0); fmt.Print(f, \":\", l) }", "where()")})
	if got := run(t, "pos", o); got != "cell 3:1" {
		t.Fatalf("got %q", got)
	}
}

func TestPackagesThatTheHostDoesNotHave(t *testing.T) {
	tc := open(t)
	o := build(t, tc, &Unit{Hash: "extra", Imports: []string{"fmt", "net/http/httptest", unitPkg}, Source: source("extra",
		"import (\n\"fmt\"\n\"net/http/httptest\"\n)\n", "", "fmt.Print(httptest.NewRecorder().Code)")})
	if got := run(t, "extra", o); got != "200" {
		t.Fatalf("got %q", got)
	}
	if _, err := tc.Export("no/such/package"); err == nil {
		t.Fatal("export data of a package that does not exist")
	}
}

func TestExportDataAndPackageList(t *testing.T) {
	tc := open(t)
	for _, p := range []string{"fmt", "slices", unitPkg} {
		r, err := tc.Export(p)
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 8)
		if _, err := r.Read(head); err != nil || string(head) != "!<arch>\n" {
			t.Fatalf("%s: %q %v", p, head, err)
		}
		_ = r.Close()
	}
	list := strings.Join(tc.Packages(), " ")
	if !strings.Contains(list, "net/http/httptest") || strings.Contains(list, "internal") || strings.Contains(list, "vendor") {
		t.Fatal(list)
	}
}

func TestCompileErrorIsABuildError(t *testing.T) {
	tc := open(t)
	_, err := tc.Build(t.Context(), &Unit{Hash: "broken", Source: []byte("package main\n//line cell 9:4\nvar x int = \"s\"\n")})
	var be *BuildError
	if !errors.As(err, &be) || be.Step != "compile" || !strings.Contains(be.Output, "cell 9:4") {
		t.Fatalf("got %v", err)
	}
	_, err = tc.Build(t.Context(), &Unit{Hash: "orphan", Source: []byte("package main\n"), Deps: []string{"absent"}})
	if err == nil || !strings.Contains(err.Error(), "absent") {
		t.Fatalf("got %v", err)
	}
}

func TestOneUnitIsBuiltOnceByManyProcesses(t *testing.T) {
	tc, other := open(t), open(t) // two toolchains are to the lock what two processes are
	u := &Unit{Hash: "many", Imports: []string{unitPkg}, Source: source("many", "", "", "")}
	if _, err := tc.need(t.Context(), u.Imports); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		tool := tc
		if i%2 == 1 {
			tool = other
		}
		wg.Go(func() {
			if _, err := tool.Build(t.Context(), u); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	left, _ := filepath.Glob(filepath.Join(tc.dir, "units", "*many*"))
	if len(left) != 3 { // .a .deps .so: no lock, no build directory
		t.Fatal(left)
	}
}

func TestAKilledBuilderLeavesNoLock(t *testing.T) {
	tc := open(t)
	if _, err := tc.need(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	path := tc.file("orphaned", ".lock")
	cmd := exec.Command("flock", "-o", path, "sh", "-c", "echo held; exec sleep 1000") // the lock is flock's, not sleep's
	cmd.SysProcAttr = groupAttr()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = out.Read(make([]byte, 5))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	u := &Unit{Hash: "orphaned", Imports: []string{unitPkg}, Source: source("orphaned", "", "", "")}
	if _, err := tc.Build(ctx, u); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a held lock did not keep the second builder out: %v", err)
	}
	if err := killGroup(cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	build(t, tc, u)
}

func TestStoreTakesOnlyObjectsOfThisBuild(t *testing.T) {
	tc := open(t)
	o := build(t, tc, &Unit{Hash: "stored", Imports: []string{unitPkg}, Source: source("stored", "", "", "println(\"hi\")")})
	data, err := os.ReadFile(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCache(t.TempDir(), lab.host)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.ObjectPath("stored"); ok {
		t.Fatal("an object that nobody stored")
	}
	var me *MismatchError
	if err := c.Store("stored", bytes.NewReader(data[:len(data)-1])); !errors.As(err, &me) {
		t.Fatalf("damaged object: %v", err)
	}
	if err := c.Store("other", bytes.NewReader(data)); !errors.As(err, &me) {
		t.Fatalf("object under another's name: %v", err)
	}
	if err := c.Store("../x", bytes.NewReader(data)); err == nil {
		t.Fatal("a path as a hash")
	}
	if err := c.Store("stored", bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	p, ok := c.ObjectPath("stored")
	if !ok {
		t.Fatal("stored object is not there")
	}
	if got := run(t, "stored", &Object{Path: p}); got != "hi\n" {
		t.Fatalf("got %q", got)
	}
}

func TestABinaryThatUnitsCannotFitIsRefused(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "plain")
	if out, err := exec.Command("go", "build", "-o", exe, "./testdata/host").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, err := Open(t.Context(), Options{Dir: lab.cache, Source: lab.source, Exe: exe})
	var me *MismatchError
	if !errors.As(err, &me) || !strings.Contains(me.Remedy, "-trimpath") {
		t.Fatalf("got %v", err)
	}
	_, err = Open(t.Context(), Options{Dir: lab.cache, Source: t.TempDir(), Exe: lab.host})
	if !errors.Is(err, ErrNoToolchain) {
		t.Fatalf("got %v", err)
	}
}

func TestFingerprintsOfHostAndArchivesAgree(t *testing.T) {
	tc := open(t)
	idx, err := tc.need(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	host := hostFingerprints(lab.host)
	if len(host) < 100 {
		t.Fatalf("%d fingerprints in the host", len(host))
	}
	for p, want := range host {
		a, ok := idx.Packages[p]
		if !ok {
			continue // main
		}
		got, err := archiveFingerprint(a.File)
		if err != nil || got != want || a.Refused != "" {
			t.Errorf("%s: %x, host has %x, %v %s", p, got, want, err, a.Refused)
		}
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	tc := open(t)
	if err := tc.findCC("no-such-compiler -m64"); !errors.Is(err, ErrNoToolchain) || !strings.Contains(err.Error(), "install gcc") {
		t.Fatalf("got %v", err)
	}
	bin := t.TempDir()
	script := "#!/bin/sh\nexec " + tc.gobin + " \"$@\" | sed 's/go1\\.[0-9.]*\"/go1.1\"/'\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOROOT", "")
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	_, err := Open(t.Context(), Options{Dir: t.TempDir(), Source: lab.source, Exe: lab.host})
	var me *MismatchError
	if !errors.As(err, &me) || !strings.Contains(me.What, "go1.1") {
		t.Fatalf("got %v", err)
	}
}

func TestWarmReportsProgress(t *testing.T) {
	tc := open(t)
	last := -1
	err := tc.Warm(t.Context(), func(done, total int, what string) {
		if done < last || done > total || what == "" {
			t.Errorf("progress %d of %d after %d: %q", done, total, last, what)
		}
		last = done
	})
	if err != nil || last <= 0 {
		t.Fatal(last, err)
	}
}

func BenchmarkBuildSmallUnit(b *testing.B) {
	tc := open(b)
	if _, err := tc.need(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		h := fmt.Sprintf("bench%d-%d", i, time.Now().UnixNano())
		build(b, tc, &Unit{Hash: h, Imports: []string{"fmt", unitPkg}, Source: source(h, "import \"fmt\"\n", "", "fmt.Println(1)")})
	}
}

func BenchmarkCachedUnit(b *testing.B) {
	tc := open(b)
	u := &Unit{Hash: "cached", Imports: []string{unitPkg}, Source: source("cached", "", "", "")}
	for range b.N {
		build(b, tc, u)
	}
}

func BenchmarkOpen(b *testing.B) {
	for range b.N {
		open(b)
	}
}

func TestUnitsBuiltTogether(t *testing.T) {
	tc := open(t)
	a := &Unit{Hash: "togetherA", Imports: []string{unitPkg}, Source: source("togetherA", "", "type T_n = int\nvar count T_n\n", "count = 41")}
	b := &Unit{Hash: "togetherB", Imports: []string{"fmt", unitPkg}, Deps: []string{"togetherA"}, Source: source("togetherB",
		"import \"fmt\"\nimport a \"cell/togetherA\"\nimport _ \"unsafe\"\n",
		"//go:linkname count cell/togetherA.count\nvar count a.T_n\n", "unit.Lookup(\"togetherA\").Run(); count++; fmt.Print(count)")}
	o, err := tc.BuildTogether(t.Context(), "together", []*Unit{a, b, a})
	if err != nil {
		t.Fatal(err)
	}
	if got := run(t, "togetherB", o); got != "42" {
		t.Fatalf("got %q", got)
	}
	if got := run(t, "togetherB", build(t, tc, a), build(t, tc, b)); got != "42" { // their archives were there, their objects not
		t.Fatalf("one by one: %q", got)
	}
}
