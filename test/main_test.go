//go:build unix

// Package test drives the installed program from outside, as its users do: the binary on the command line, and Jupyter's own
// clients over real sockets. It holds no other tests; those of a package are beside it.
//
// Each test works in a home folder of its own, with its own profile, kernels and clusters, and shares with the others only
// the binary and the cache of built units.
package test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is what all tests share, made by TestMain.
var program struct {
	root   string // of the repository
	bin    string // folder of the gopar binary
	cache  string // XDG_CACHE_HOME: built units
	python string // interpreter with the packages of requirements.txt
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gopar-test-")
	if err == nil {
		err = build(dir)
	}
	status := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, "prepare the tests:", err)
	} else {
		status = m.Run()
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "remove the tests' folder:", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// build makes the binary as install.sh does and prepares the cache of units once for all tests.
func build(dir string) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	program.root, program.bin, program.cache = root, filepath.Join(dir, "bin"), filepath.Join(dir, "cache")
	binary := filepath.Join(program.bin, "gopar")
	steps := [][]string{
		{"go", "build", "-trimpath", "-buildvcs=false", "-o", binary, "./cmd/gopar"},
		{binary, "install", "--warm", "--data-dir", filepath.Join(dir, "jupyter")},
	}
	for _, argv := range steps {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = root
		cmd.Env = append(goCaches(), "GOPAR_SOURCE="+root, "XDG_CACHE_HOME="+program.cache)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out)
		}
	}
	if program.python = os.Getenv("GOPAR_PYTHON"); program.python != "" {
		return nil
	}
	cmd := exec.Command(filepath.Join(root, "test", "python.sh"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	program.python = strings.TrimSpace(string(out))
	return err
}

// goCaches is the environment with Go's caches named, so that they are used from another home folder, too.
func goCaches() []string {
	env := os.Environ()
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		if out, err := exec.Command("go", "env", name).Output(); err == nil {
			env = append(env, name+"="+strings.TrimSpace(string(out)))
		}
	}
	return env
}

// home is one user's home folder: profile, kernels, clusters.
type home struct {
	t   *testing.T
	dir string
	env []string
}

// newHome makes a home in which gopar is on PATH and its kernel is installed.
func newHome(t *testing.T) *home {
	t.Helper()
	h := &home{t: t, dir: t.TempDir()}
	h.env = append(goCaches(),
		"HOME="+h.dir,
		"XDG_CACHE_HOME="+program.cache,
		"GOPAR_SOURCE="+program.root,
		"IPYTHONDIR="+filepath.Join(h.dir, "ipython"),
		"JUPYTER_DATA_DIR="+filepath.Join(h.dir, "jupyter"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(h.dir, "runtime"),
		"JUPYTER_CONFIG_DIR="+filepath.Join(h.dir, "config"),
		"JUPYTER_PATH=", "VIRTUAL_ENV=", "CONDA_PREFIX=", "IPP_PROFILE_DIR=", "IPP_CLUSTER_ID=",
		"PATH="+strings.Join([]string{program.bin, filepath.Dir(program.python), os.Getenv("PATH")}, string(filepath.ListSeparator)),
	)
	h.ok("gopar", "install")
	return h
}

// startCluster starts n engines, with further flags, and has them stopped at the end of the test, if it has not done so.
func (h *home) startCluster(n int, more ...string) {
	h.t.Helper()
	h.t.Cleanup(func() {
		if h.t.Failed() {
			h.t.Log(h.run(context.Background(), "gopar", "cluster", "logs", "-n", "40").all())
		}
		if r := h.run(context.Background(), "gopar", "cluster", "stop"); r.err != nil && !strings.Contains(r.all(), "no cluster is running") { // the test's own context has ended
			h.t.Errorf("stop the cluster: %v\n%s", r.err, r.all())
		}
	})
	h.ok("gopar", append([]string{"cluster", "start", "-n", fmt.Sprint(n)}, more...)...)
}

// result is how a command ended.
type result struct {
	stdout, stderr string
	err            error
}

func (r result) all() string { return r.stdout + r.stderr }

// commandTimeout is more than any command of these tests needs on a slow and busy machine.
const commandTimeout = 5 * time.Minute

// run runs a command of this user's; programs are looked up on the user's PATH.
func (h *home) run(ctx context.Context, name string, args ...string) result {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	path := h.lookPath(name)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Dir = h.env, h.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if ctx.Err() != nil {
		err = errors.Join(err, ctx.Err())
	}
	return result{stdout.String(), stderr.String(), err}
}

func (h *home) lookPath(name string) string {
	switch name {
	case "gopar":
		return filepath.Join(program.bin, name)
	case "python":
		return program.python
	}
	return name
}

// ok runs a command that must succeed and returns its standard output.
func (h *home) ok(name string, args ...string) string {
	h.t.Helper()
	r := h.run(h.t.Context(), name, args...)
	if r.err != nil {
		h.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), r.err, r.all())
	}
	return r.stdout
}

// fails runs a command that must fail and returns what it said.
func (h *home) fails(name string, args ...string) string {
	h.t.Helper()
	r := h.run(h.t.Context(), name, args...)
	if exit := (*exec.ExitError)(nil); !errors.As(r.err, &exit) || exit.ExitCode() <= 0 {
		h.t.Fatalf("%s %s did not fail properly: %v\n%s", name, strings.Join(args, " "), r.err, r.all())
	}
	return r.all()
}

// python runs one of the scripts in testdata, which must succeed.
func (h *home) python(script string, args ...string) string {
	h.t.Helper()
	return h.ok("python", append([]string{filepath.Join(program.root, "test", "testdata", script)}, args...)...)
}

// write makes a file in the home folder and returns its path.
func (h *home) write(name, content string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		h.t.Fatal(err)
	}
	return path
}
