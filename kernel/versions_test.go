//go:build unix

package kernel

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// moduleCopy copies a module that gopar is built with, which makes another version of it, and returns its folder in dir.
func moduleCopy(t *testing.T, dir, path string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(dir, filepath.Base(path))
	if err := os.CopyFS(to, os.DirFS(strings.TrimSpace(string(out)))); err != nil {
		t.Fatal(err)
	}
	return to
}

// A notebook's modules may need other versions of what gopar itself is made of: both are there, each with its own types and
// variables.
func TestOtherVersionsOfWhatIsInGopar(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	moduleCopy(t, dir, "golang.org/x/sys") // has assembly
	moduleCopy(t, dir, "github.com/go-zeromq/zmq4")
	file("sys/unix/added.go", "package unix\n\n// Added is in no other version.\nfunc Added() Stat_t { return Stat_t{Ino: 42} }\n")
	file("lib/go.mod", "module example.com/lib\n\ngo 1.26\n\nrequire golang.org/x/sys v0.1.0\n")
	file("lib/lib.go", "package lib\n\nimport \"golang.org/x/sys/unix\"\n\nfunc Ino(s unix.Stat_t) uint64 { return s.Ino + unix.Added().Ino }\n")
	s := newSessionIn(t, dir)
	n, err := s.g.Modules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for path, to := range map[string]string{"golang.org/x/sys": "./sys", "github.com/go-zeromq/zmq4": "./zmq4", "example.com/lib": "./lib"} {
		if err := n.Replace(t.Context(), path, to, nil); err != nil {
			t.Fatal(err)
		}
	}
	run := func(code, want string) {
		t.Helper()
		got := s.run(code)
		if i := strings.LastIndex(got, "=> "); i > 0 && strings.HasPrefix(got, "2>") {
			got = got[i:] // after what was fetched and compiled
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", code, got, want)
		}
	}
	run("import (\n\t\"example.com/lib\"\n\t\"golang.org/x/sys/unix\"\n)\nst := unix.Added()\nlib.Ino(st)", "=> 84")
	run("unix.Added().Ino, unix.Getpid() == os.Getpid()", "=> 42, true")
	run("func both(s unix.Stat_t) uint64 { return lib.Ino(s) }\nboth(st)", "=> 84")
	// zmq4 is part of gopar and imports nothing here that changed; parallel goes on with its own.
	run("import \"github.com/go-zeromq/zmq4\"\nzmq4.Pair, display.HTML(\"<b>x</b>\").Text()", "=> PAIR, x")
	if got := s.run("_, err := parallel.Connect(parallel.ProfileDir(\"/nowhere\"))\nerr != nil"); got != "=> true" {
		t.Errorf("got %q", got)
	}
	if doc, ok := s.g.Inspect("unix.Added", 8, 0); !ok || !strings.Contains(doc.Text(), "is in no other version") {
		t.Errorf("documentation: %v", doc)
	}
	p, err := s.g.Export()
	if err != nil {
		t.Fatal(err)
	}
	if text := string(p.Source); strings.Contains(text, "~~") || !strings.Contains(text, "\"golang.org/x/sys/unix\"") {
		t.Errorf("exported:\n%s", text)
	}
}
