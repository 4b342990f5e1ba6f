//go:build unix

package test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// newcomer is a user with an empty home folder, in which nothing of gopar is installed, who runs a copy of the repository in
// a folder with a space in its name.
type newcomer struct {
	*home
	clone, prefix string
}

func newNewcomer(t *testing.T) newcomer {
	t.Helper()
	h := &home{t: t, dir: t.TempDir()}
	n := newcomer{h, filepath.Join(h.dir, "my code", "gopar"), filepath.Join(h.dir, "my programs")}
	h.env = append(goCaches(), "HOME="+h.dir, "GOPAR_SOURCE=", "XDG_CACHE_HOME=", "XDG_DATA_HOME=", "IPYTHONDIR=",
		"JUPYTER_DATA_DIR=", "JUPYTER_PATH=", "VIRTUAL_ENV=", "CONDA_PREFIX=")
	if err := os.CopyFS(n.clone, sources{os.DirFS(program.root)}); err != nil {
		t.Fatal(err)
	}
	return n
}

// sources is the repository without what belongs to git.
type sources struct{ fs.FS }

// ReadDir implements fs.ReadDirFS.
func (s sources) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(s.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == ".git" }), err
}

func (n newcomer) script() string { return filepath.Join(n.clone, "install.sh") }

func TestInstallDemoTwiceThenUninstall(t *testing.T) {
	n := newNewcomer(t)
	// The plain one first: no --prefix, the user's own folders.
	out := n.ok(n.script(), "--demo")
	for _, want := range []string{"Out[3]: 30", "[30 30 30 30]", " 342 380]"} {
		if !strings.Contains(out, want) {
			t.Errorf("the demo does not print %q:\n%s", want, out)
		}
	}
	for _, file := range []string{".local/bin/gopar", ".local/share/gopar/src/go.mod", ".local/share/jupyter/kernels/gopar/kernel.json"} {
		if _, err := os.Stat(filepath.Join(n.dir, file)); err != nil {
			t.Error(err)
		}
	}
	binary := filepath.Join(n.dir, ".local/bin/gopar")
	before, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	out = n.ok(n.script())
	if took := time.Since(start); took > time.Minute {
		t.Errorf("the second run took %v", took)
	}
	after, err := os.Stat(binary)
	if err != nil || !os.SameFile(before, after) || !strings.Contains(out, "up to date") {
		t.Errorf("the second run replaced the binary: %v\n%s", err, out)
	}
	if out := n.ok(binary, "doctor"); strings.Contains(out, "PROBLEM") {
		t.Errorf("doctor says\n%s", out)
	}
	n.ok(n.script(), "--uninstall")
	for _, file := range []string{".local/bin/gopar", ".local/share/gopar", ".local/share/jupyter/kernels/gopar"} {
		if _, err := os.Stat(filepath.Join(n.dir, file)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left behind: %v", file, err)
		}
	}
	n.ok(n.script(), "--uninstall") // nothing is left to remove
}

func TestInstallIntoAPrefixWithASpace(t *testing.T) {
	n := newNewcomer(t)
	n.ok(n.script(), "--prefix", n.prefix)
	binary := filepath.Join(n.prefix, "bin", "gopar")
	// Cells need the source that was installed, not the one it was built from.
	if err := os.RemoveAll(filepath.Dir(n.clone)); err != nil {
		t.Fatal(err)
	}
	path := n.notebook("func double(x int) int { return 2 * x }", "double(21)")
	if out := n.ok(binary, "run", path); !strings.Contains(out, "Out[2]: 42") {
		t.Errorf("printed\n%s", out)
	}
}

func TestInstallSaysWhatIsMissing(t *testing.T) {
	n := newNewcomer(t)
	tools := filepath.Join(n.dir, "tools")
	if err := os.Mkdir(tools, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bash", "sh", "env", "awk", "dirname", "mkdir", "cat"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(tools, name)); err != nil {
			t.Fatal(err)
		}
	}
	n.env = slices.DeleteFunc(n.env, func(v string) bool { return strings.HasPrefix(v, "PATH=") })
	n.env = append(n.env, "PATH="+tools)
	script := func(name, content string) {
		if err := os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\n"+content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(what string, wants ...string) {
		t.Helper()
		said := n.fails(n.script())
		for _, want := range append(wants, "remedy:") {
			if !strings.Contains(said, want) {
				t.Errorf("%s: it says\n%s\nwithout %q", what, said, want)
			}
		}
	}
	fails("no Go", "Go is not installed", "go.dev/dl")
	script("go", `[ "$2" = GOVERSION ] && echo go1.19.3`)
	fails("old Go", "Go is too old", "1.19.3")
	script("go", `case $2 in GOVERSION) echo go1.99.1 ;; CC) echo no-such-cc ;; CGO_ENABLED) echo 1 ;; esac`)
	fails("no C compiler", "no C compiler: no-such-cc", "apt install gcc")
	script("no-such-cc", "")
	script("go", `case $2 in GOVERSION) echo go1.99.1 ;; CC) echo no-such-cc ;; CGO_ENABLED) echo 0 ;; esac`)
	fails("no cgo", "cgo is switched off", "unset CGO_ENABLED")
	if said := n.fails(n.script(), "--wrong"); !strings.Contains(said, "unknown argument: --wrong") || !strings.Contains(said, "usage:") {
		t.Errorf("a wrong argument: it says\n%s", said)
	}
	if left, err := os.ReadDir(filepath.Join(n.dir, ".local")); err != nil || len(left) != 0 {
		t.Errorf("failed installations left %v, %v", left, err)
	}
}
