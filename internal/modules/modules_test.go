package modules

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/native"
)

// lab is where the tests build: one host binary and one cache.
var lab struct{ host, cache, source string }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gopar-modules-")
	if err != nil {
		panic(err)
	}
	lab.source, _ = filepath.Abs("../..")
	lab.host, lab.cache = filepath.Join(dir, "host"), filepath.Join(dir, "cache")
	cmd := exec.Command("go", "build", "-trimpath", "-o", lab.host, "../runner/testdata/host")
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

func tools(t testing.TB) *native.Toolchain {
	t.Helper()
	tc, err := native.Open(t.Context(), native.Options{Dir: lab.cache, Source: lab.source, Exe: lab.host})
	if err != nil {
		t.Fatal(err)
	}
	return tc
}

func open(t testing.TB, dir string) *Notebook {
	t.Helper()
	n, err := Open(Config{Dir: dir, Tools: tools(t)})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func read(t testing.TB, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

// write makes files: name, contents, name, contents, …
func write(t testing.TB, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func importing(t testing.TB, n *Notebook, paths ...string) (said []string) {
	t.Helper()
	if err := n.Import(t.Context(), paths, func(line string) { said = append(said, line) }); err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if n.tools.BuildID(p) == "" && !n.tools.Provides(p) {
			t.Fatalf("%s was imported, but is not there", p)
		}
	}
	return said
}

func TestAnImportIsFetchedAndPinned(t *testing.T) {
	dir := t.TempDir()
	said := importing(t, open(t, dir), "fmt", "github.com/google/uuid")
	if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, "pinned github.com/google/uuid v1.") }) {
		t.Errorf("said %q", said)
	}
	mod := read(t, dir, File)
	if !strings.Contains(mod, "\nmodule notebook\n") || !strings.Contains(mod, "\n\tgithub.com/google/uuid v1.") || strings.Contains(mod, "cobra") {
		t.Errorf("gopar.mod:\n%s", mod)
	}
	sum := read(t, dir, SumFile)
	if !strings.Contains(sum, "github.com/google/uuid v1.") || strings.Contains(sum, "cobra") {
		t.Errorf("gopar.sum:\n%s", sum)
	}
	t.Run("a later session asks nobody", func(t *testing.T) {
		t.Setenv("GOPROXY", "off")
		n := open(t, dir)
		began := time.Now()
		if said := importing(t, n, "github.com/google/uuid"); said != nil {
			t.Errorf("said %q", said)
		}
		if took := time.Since(began); took > 50*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if p := n.tools.ModulePackages(); len(p) != 1 || p[0].Name != "uuid" {
			t.Errorf("packages %v", p)
		}
	})
	if after := read(t, dir, File); after != mod {
		t.Errorf("gopar.mod changed:\n%s", after)
	}
}

func TestVersionsArePinnedWithGet(t *testing.T) {
	dir := t.TempDir()
	n := open(t, dir)
	for _, version := range []string{"v1.5.0", "v1.6.0", "v1.4.0"} {
		if err := n.Get(t.Context(), []string{"github.com/google/uuid@" + version}, nil); err != nil {
			t.Fatal(err)
		}
		importing(t, n, "github.com/google/uuid")
		if mod := read(t, dir, File); !strings.Contains(mod, "github.com/google/uuid "+version) {
			t.Errorf("after get %s:\n%s", version, mod)
		}
	}
	l, err := n.List()
	if err != nil || len(l.Modules) != 1 || l.Modules[0] != (Module{Path: "github.com/google/uuid", Version: "v1.4.0"}) {
		t.Errorf("list %+v, %v", l, err)
	}
	if err := n.Get(t.Context(), []string{"github.com/google/uuid@none"}, nil); err != nil {
		t.Fatal(err)
	}
	if mod := read(t, dir, File); strings.Contains(mod, "uuid") {
		t.Errorf("after none:\n%s", mod)
	}
}

func TestVersionsSurviveOtherImports(t *testing.T) {
	dir := t.TempDir()
	n := open(t, dir)
	if err := n.Get(t.Context(), []string{"github.com/google/uuid@v1.4.0"}, nil); err != nil {
		t.Fatal(err)
	}
	importing(t, n, "github.com/dustin/go-humanize")
	importing(t, n, "github.com/google/uuid")
	if mod := read(t, dir, File); !strings.Contains(mod, "uuid v1.4.0") || !strings.Contains(mod, "go-humanize v1.") {
		t.Errorf("gopar.mod:\n%s", mod)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for _, test := range []struct{ name, path, get, proxy, want string }{
		{name: "unknown module", path: "github.com/google/uuidnope", want: "check the spelling"},
		{name: "unknown host", path: "example.invalid/foo", want: "check the spelling"},
		{name: "unknown package", path: "github.com/google/uuid/nope", want: "the module has no such package"},
		{name: "not in std", path: "fmtt", want: "not in the standard library"},
		{name: "internal", path: "golang.org/x/tools/internal/gcimporter", want: "use of internal package golang.org/x/tools/internal/gcimporter not allowed"},
		{name: "internal in std", path: "internal/abi", want: "not allowed"},
		{name: "directory", path: "./lib", want: "%mod replace"},
		{name: "bad version", get: "github.com/google/uuid@v1.99.0", want: "the latest are v1."},
		{name: "proxy off", path: "github.com/pkg/browser", proxy: "off", want: "GOPROXY is off"},
		{name: "no proxy", path: "github.com/pkg/browser", proxy: "http://127.0.0.1:9", want: "cannot be reached"},
		{name: "comes with gopar", get: "github.com/gopar-project/gopar/parallel@v1", want: "comes with gopar"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.proxy != "" {
				t.Setenv("GOPROXY", test.proxy)
			}
			dir := t.TempDir()
			n := open(t, dir)
			began := time.Now()
			var err error
			if test.get != "" {
				err = n.Get(t.Context(), []string{test.get}, nil)
			} else {
				err = n.Import(t.Context(), []string{test.path}, nil)
			}
			t.Logf("after %v: %v", time.Since(began).Round(time.Millisecond), err)
			var said *Error
			if !errors.As(err, &said) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("not %q", test.want)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if mod := read(t, dir, File); mod != "" {
				t.Errorf("gopar.mod was written:\n%s", mod)
			}
		})
	}
}

func TestALocalCheckoutReplacesAModule(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "lib/go.mod", "module example.com/lib\n\ngo 1.26\n\nrequire github.com/dustin/go-humanize v1.0.0\n",
		"lib/lib.go", "package lib\n\nimport \"github.com/dustin/go-humanize\"\n\nfunc Say(n int) string { return humanize.Ordinal(n) }\n")
	n := open(t, dir)
	if err := n.Replace(t.Context(), "example.com/other", "lib", nil); err == nil || !strings.Contains(err.Error(), "is example.com/lib") {
		t.Fatalf("wrong module: %v", err)
	}
	if err := n.Replace(t.Context(), "example.com/lib", "lib", nil); err != nil {
		t.Fatal(err)
	}
	importing(t, n, "example.com/lib")
	first := n.tools.BuildID("example.com/lib")
	if mod := read(t, dir, File); !strings.Contains(mod, "replace example.com/lib => ./lib") || strings.Contains(mod, "require example.com") {
		t.Errorf("gopar.mod:\n%s", mod)
	}
	write(t, dir, "lib/lib.go", "package lib\n\nfunc Say(n int) string { return \"changed\" }\n")
	n.Reset()
	importing(t, n, "example.com/lib")
	if n.tools.BuildID("example.com/lib") == first {
		t.Error("the change of the local directory is not seen")
	}
	if err := n.Replace(t.Context(), "example.com/lib", "", nil); err != nil || strings.Contains(read(t, dir, File), "replace") {
		t.Errorf("%v\n%s", err, read(t, dir, File))
	}
}

func TestTheUsersOwnModuleIsReadAndNotWritten(t *testing.T) {
	dir := t.TempDir()
	mod := "module mine\n\ngo 1.26\n\nrequire github.com/google/uuid v1.3.0\n\nreplace example.com/lib => ./lib\n\nrequire example.com/lib v0.0.0\n"
	write(t, dir, "go.mod", mod, "go.sum", "", "internal/in/in.go", "package in\n", "other/internal/in/in.go", "package in\n", "sub/sub.go", "package sub\n\nimport \"example.com/lib\"\n\nconst N = lib.N\n",
		"lib/go.mod", "module example.com/lib\n\ngo 1.26\n", "lib/lib.go", "package lib\n\nconst N = 7\n", "notebooks/keep", "")
	book := filepath.Join(dir, "notebooks")
	n := open(t, book)
	importing(t, n, "mine/sub", "github.com/google/uuid", "mine/internal/in")
	if err := n.Import(t.Context(), []string{"mine/other/internal/in"}, nil); err == nil || !strings.Contains(err.Error(), "not allowed") {
		t.Errorf("another folder's internal package: %v", err)
	}
	if got := read(t, dir, "go.mod"); got != mod {
		t.Errorf("go.mod was changed:\n%s", got)
	}
	if got := read(t, book, File); got != "" {
		t.Errorf("gopar.mod though go.mod has everything:\n%s", got)
	}
	for _, p := range n.tools.ModulePackages() {
		if p.Module == "github.com/google/uuid" && p.Version != "v1.3.0" {
			t.Errorf("uuid %s", p.Version)
		}
	}
	l, err := n.List()
	if err != nil || len(l.Modules) != 1 || !l.Modules[0].Own {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestAWorkspaceIsHonoured(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.work", "go 1.26\n\nuse (\n\t./a\n\t./b\n)\n",
		"a/go.mod", "module example.com/a\n\ngo 1.26\n", "a/a.go", "package a\n\nimport \"example.com/b/v2\"\n\nconst N = b.N\n",
		"b/go.mod", "module example.com/b/v2\n\ngo 1.26\n", "b/b.go", "package b\n\nconst N = 7\n")
	n := open(t, filepath.Join(dir, "a"))
	importing(t, n, "example.com/a", "example.com/b/v2")
	if got := read(t, dir, "a", File); got != "" {
		t.Errorf("gopar.mod:\n%s", got)
	}
}

func TestAModuleThatNeedsAnotherVersionOfWhatIsInGoparIsRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "logr/go.mod", "module github.com/go-logr/logr\n\ngo 1.26\n", "logr/logr.go", "package logr\n\nconst New = 1\n")
	n := open(t, dir)
	if err := n.Replace(t.Context(), "github.com/go-logr/logr", "logr", nil); err != nil {
		t.Fatal(err)
	}
	err := n.Import(t.Context(), []string{"github.com/go-logr/logr"}, nil)
	var mismatch *native.MismatchError
	if !errors.As(err, &mismatch) || !strings.Contains(err.Error(), "need github.com/go-logr/logr "+filepath.Join(dir, "logr")) || !strings.Contains(err.Error(), "./install.sh") {
		t.Errorf("%v", err)
	}
	t.Log(err)
}

func TestWhatIsInGoparAnywayIsUsed(t *testing.T) {
	n := open(t, t.TempDir())
	importing(t, n, "github.com/go-logr/logr/funcr")
}

func TestALoadedPackageKeepsItsVersionUntilReset(t *testing.T) {
	n := open(t, t.TempDir())
	get := func(v string) {
		t.Helper()
		if err := n.Get(t.Context(), []string{"github.com/google/uuid@" + v}, nil); err != nil {
			t.Fatal(err)
		}
	}
	get("v1.5.0")
	importing(t, n, "github.com/google/uuid")
	u := &native.Unit{Hash: "uses-uuid", Imports: []string{"github.com/google/uuid"}, Source: []byte("package main\n\nimport _ \"github.com/google/uuid\"\n")}
	if _, err := n.tools.Build(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	get("v1.6.0")
	err := n.Import(t.Context(), []string{"github.com/google/uuid"}, nil)
	var loaded *native.LoadedError
	if !errors.As(err, &loaded) || !strings.Contains(err.Error(), "has loaded github.com/google/uuid v1.5.0") || !strings.Contains(err.Error(), "uuid v1.6.0 is used after %reset") {
		t.Fatalf("%v", err)
	}
	n.Reset()
	importing(t, n, "github.com/google/uuid")
}

func TestTidyKeepsWhatIsImported(t *testing.T) {
	dir := t.TempDir()
	n := open(t, dir)
	if err := n.Tidy(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "run the notebook first") {
		t.Fatal(err)
	}
	importing(t, n, "github.com/google/uuid", "github.com/dustin/go-humanize")
	n.Reset()
	importing(t, n, "github.com/google/uuid")
	var said []string
	if err := n.Tidy(t.Context(), func(s string) { said = append(said, s) }); err != nil {
		t.Fatal(err)
	}
	if mod := read(t, dir, File); strings.Contains(mod, "humanize") || !strings.Contains(mod, "uuid") {
		t.Errorf("%s\n%q", mod, said)
	}
}

func TestAFolderThatCannotBeWrittenTo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone") // no folder at all: root writes to any that there is
	n := open(t, dir)
	said := importing(t, n, "github.com/google/uuid")
	if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, "versions are kept in "+lab.cache) }) {
		t.Errorf("said %q", said)
	}
	l, err := n.List()
	if err != nil || len(l.Modules) != 1 || !strings.HasPrefix(l.File, lab.cache) {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestAFetchCanBeInterrupted(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("GOPROXY", "http://"+silent.Addr().String())
	n := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Import(ctx, []string{"github.com/pkg/browser"}, nil) }()
	conn, err := silent.Accept() // the go command is waiting for it
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || time.Since(began) > time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func TestParse(t *testing.T) {
	m, err := parse("go.mod", []byte(`// c
module "example.com/x" // c
go 1.26
toolchain go1.26.1
require ( // c
	a.b/c v1.2.3 // indirect
	d.e/f v0.1.0
)
require g.h/i v0.2.0
replace a.b/c v1.2.3 => ../c
replace (
	d.e/f => j.k/l v1.0.0
)
exclude d.e/f v0.0.9
retract [v1.0.0, v1.1.0] // c
`))
	if err != nil {
		t.Fatal(err)
	}
	want := "module notebook\n\ngo 1.26\n\nrequire (\n\td.e/f v0.1.0\n\tg.h/i v0.2.0\n)\n\nrequire (\n\ta.b/c v1.2.3 // indirect\n)\n\n" +
		"replace a.b/c v1.2.3 => ../c\nreplace d.e/f => j.k/l v1.0.0\nexclude d.e/f v0.0.9\n"
	if got := string(m.text()); m.path != "example.com/x" || !strings.HasSuffix(got, want) {
		t.Errorf("%s:\n%s", m.path, got)
	}
	if _, err := parse("go.mod", []byte("\nrequire x\n")); err == nil || !strings.HasPrefix(err.Error(), "go.mod:2: ") {
		t.Error(err)
	}
}
