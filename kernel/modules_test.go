//go:build unix

package kernel

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/runner"
)

// newSessionIn is newSession with a notebook in a folder of its own.
func newSessionIn(t testing.TB, dir string) *session {
	t.Helper()
	exe, err := goBinary()
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	g := NewEvaluator(EvaluatorConfig{
		Native: native.Options{Source: source, Exe: exe}, Dir: dir, Patience: time.Hour, // a busy machine shows nothing else
		Runner: runner.Config{Exe: exe, Args: []string{"runner"}},
	})
	s := &session{t: t, g: g, sink: &transcript{more: make(chan struct{}, 1)}}
	g.SetSink(s.sink)
	t.Cleanup(func() {
		if err := g.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

func (s *session) expect(code, want string) {
	s.t.Helper()
	got := s.run(code)
	if _, rest, ok := strings.Cut(got, "2>compiling example.com/lib\n"); ok { // unless Go's cache has it
		got = rest
	}
	if got != want {
		s.t.Errorf("%s\n got %q\nwant %q", code, got, want)
	}
}

func TestModulesInCells(t *testing.T) {
	dir := t.TempDir()
	first := newSessionIn(t, dir)
	began := time.Now()
	if got := first.run("import \"github.com/google/uuid\"\n\nid := uuid.NewSHA1(uuid.NameSpaceDNS, []byte(\"gopar\"))\nid"); !strings.Contains(got, "pinned github.com/google/uuid") || !strings.Contains(got, "=> ") {
		t.Errorf("got %q", got)
	}
	t.Logf("first import %v", time.Since(began).Round(time.Millisecond))
	first.expect("id.Version()", "=> VERSION_5")
	first.expect("func same(u uuid.UUID) bool { return u == id }", "")
	first.expect("same(id), id.Variant()", "=> true, RFC4122")

	later := newSessionIn(t, dir)
	later.run("1") // the session is there
	began = time.Now()
	later.expect("uuid.Nil.String()", "=> 00000000-0000-0000-0000-000000000000") // by its name alone: gopar.mod has it
	t.Logf("in a later session %v", time.Since(began).Round(time.Millisecond))
	later.expect("import \"github.com/google/uuid\"\nuuid.Nil.Version()", "=> VERSION_0")
	for _, test := range []struct{ code, want string }{{"uui", "uuid"}, {"uuid.NewSt", "NewString"}} {
		c := later.g.Complete(test.code, len(test.code))
		if !slices.ContainsFunc(c.Matches, func(m Match) bool { return m.Text == test.want }) {
			t.Errorf("%s is completed to %v", test.code, c.Matches)
		}
	}
	if doc, ok := later.g.Inspect("uuid.NewString", 10, 0); !ok || !strings.Contains(doc.Text(), "creates a new random UUID") {
		t.Errorf("documentation: %v", doc)
	}

	got := later.run("// no\nimport \"github.com/google/nosuchthing\"\nx := 1")
	if !strings.HasPrefix(got, "! compile error: cell 4:2:8: module github.com/google/nosuchthing: ") || !strings.Contains(got, "check the spelling") {
		t.Errorf("got %q", got)
	}
	later.expect("x", "! compile error: cell 5:1:1: undefined: x")
}

func TestALocalModuleThatChanges(t *testing.T) {
	dir := t.TempDir()
	lib := filepath.Join(dir, "lib")
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(lib, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(lib, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/lib\n\ngo 1.26\n")
	write("lib.go", "package lib\n\nfunc N() int { return 1 }\n")
	s := newSessionIn(t, dir)
	n, err := s.g.Modules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Replace(t.Context(), "example.com/lib", "./lib", nil); err != nil {
		t.Fatal(err)
	}
	s.expect("import \"example.com/lib\"\nlib.N()", "=> 1")
	write("lib.go", "package lib\n\nfunc N() int { return 2 }\nfunc M() int { return 3 }\n")
	s.expect("lib.N()", "=> 1")
	if err := s.g.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.expect("import \"example.com/lib\"\nlib.N() + lib.M()", "=> 5")
}
