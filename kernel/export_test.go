package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/runner"
)

// gopar builds the real program once: cells use packages that are linked into
// it.
var gopar = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "gopar-kernel-")
	if err != nil {
		return "", err
	}
	exe := filepath.Join(dir, "gopar")
	out, err := exec.Command("go", "build", "-trimpath", "-o", exe, "../cmd/gopar").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return exe, nil
})

// NewGoEvaluator returns the evaluator of Go with real processes behind it, for
// the conformance tests, which are outside of the package.
func NewGoEvaluator(t testing.TB) Evaluator {
	t.Helper()
	return NewGoEvaluatorIn(t, "")
}

// NewGoEvaluatorIn is NewGoEvaluator for a notebook in a folder of its own.
func NewGoEvaluatorIn(t testing.TB, dir string) Evaluator {
	t.Helper()
	exe, err := gopar()
	if err != nil {
		t.Fatal(err)
	}
	source, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return NewEvaluator(EvaluatorConfig{
		Native: native.Options{Source: source, Exe: exe}, Dir: dir, Patience: time.Hour, // a busy machine shows nothing else
		Runner: runner.Config{Exe: exe},
	})
}
