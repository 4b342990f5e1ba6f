package store_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/store"
)

// python returns the interpreter that has ipyparallel.
func python(t *testing.T) string {
	t.Helper()
	p := os.Getenv("GOPAR_PYTHON")
	if p == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		p = filepath.Join(home, ".cache", "gopar-test", "venv", "bin", "python")
	}
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("%v: `make test` sets it up; or set GOPAR_PYTHON to a Python with ipyparallel", err)
	}
	return p
}

// TestIpyparallelUsesTheSameFile is the promise that a file of tasks is ipyparallel's: its SQLiteDB reads what we wrote, and we read
// what it wrote.
func TestIpyparallelUsesTheSameFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasks.db")
	open := func() store.Store {
		s, err := store.Open(t.Context(), "sqlite:"+path, store.Budget{}, logr.Discard())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	for i := range 4 {
		put(t, s, example(i))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python(t), "testdata/sqlitedb.py", path).CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), `["task-002", "task-003"]`) {
		t.Fatalf("%v\n%s", err, out)
	}
	s = open()
	defer s.Close()
	got, err := s.Get(t.Context(), []string{"python"})
	r := got["python"]
	if err != nil || r == nil || len(r.Buffers) != 3 || string(r.Buffers[0]) != "a" || len(r.Buffers[2]) != 70_000 || r.Submitted.Nanosecond() != 5000 {
		t.Errorf("%+v, %v", r, err)
	}
	if ids := find(t, s, `{"submitted": {"$gt": "2026-11-22T12:30:00Z"}}`); len(ids) != 1 {
		t.Errorf("%v", ids)
	}
}
