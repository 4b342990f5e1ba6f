package cell

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// plainOutputs builds the programs with go build, all at once, and runs each. What
// a program prints is kept in the user's cache, by the program's text and Go's
// version. The result is computed at its first use.
func plainOutputs(t *testing.T, files []string) func() map[string]string {
	t.Helper()
	return sync.OnceValue(func() map[string]string {
		outputs := map[string]string{}
		kept := map[string]string{}
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = t.TempDir()
		}
		cache = filepath.Join(cache, "gopar", "test-programs")
		if err := os.MkdirAll(cache, 0o700); err != nil {
			t.Error(err)
		}
		var missing []string
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Error(err)
			}
			kept[f] = filepath.Join(cache, fmt.Sprintf("%x", sha256.Sum256([]byte(runtime.Version()+string(src)))))
			out, err := os.ReadFile(kept[f])
			if err != nil {
				missing = append(missing, f)
				continue
			}
			outputs[f] = string(out)
		}
		for f, out := range buildAndRun(t, missing) {
			outputs[f] = out
			if err := os.WriteFile(kept[f], []byte(out), 0o600); err != nil {
				t.Error(err)
			}
		}
		return outputs
	})
}

func buildAndRun(t *testing.T, files []string) map[string]string {
	outputs := map[string]string{}
	if len(files) == 0 {
		return outputs
	}
	started := time.Now()
	dir, err := os.MkdirTemp("", "gopar-programs")
	if err != nil {
		t.Error(err)
		return outputs
	}
	defer os.RemoveAll(dir)
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	write("go.mod", "module programs\n\ngo 1.26\n")
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Error(err)
		}
		write(programName(f)+"/main.go", string(src))
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Error(err)
	}
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, "./...")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("go build: %v\n%s", err, out)
		return outputs
	}
	for _, f := range files {
		outputs[f] = runPlain(t, filepath.Join(bin, programName(f)))
	}
	t.Logf("go build of %d programs: %v", len(files), time.Since(started).Round(time.Millisecond))
	return outputs
}

// runPlain runs a program and returns what it prints, and "panic: …" as a cell
// would end if it panics.
func runPlain(t *testing.T, exe string) string {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(exe)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	if exit == nil {
		return stdout.String()
	}
	text, _, found := strings.Cut(stderr.String(), "\n\ngoroutine ")
	if !found || !strings.HasPrefix(text, "panic: ") {
		t.Errorf("%s: %v\n%s", filepath.Base(exe), err, stderr.String())
	}
	text, _, _ = strings.Cut(text, "\n[signal ")
	return stdout.String() + text + "\n"
}
