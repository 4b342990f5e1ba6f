//go:build unix

package engine_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/parallel"
)

// TestPythonAndGoEnginesShareAHub has a real ipyparallel engine beside a Go one, and clients of both languages: each task
// goes where it can run.
func TestPythonAndGoEnginesShareAHub(t *testing.T) {
	profile := t.TempDir()
	_, stop := serveHub(t, profile)
	t.Cleanup(stop)
	serveEngine(t, profile, nil)
	connect(t, profile, 1) // the Go engine is 0
	ipython := t.TempDir()
	command := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		c := exec.Command(python(t), args...)
		c.Env = append(os.Environ(), "IPYTHONDIR="+ipython, "IPP_NONINTERACTIVE=1")
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the nanny goes with its engine
		var out bytes.Buffer
		c.Stdout, c.Stderr = &out, &out
		c.WaitDelay = 5 * time.Second
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // most have ended
			_ = c.Wait()
			if t.Failed() {
				t.Logf("%v:\n%s", args, out.String())
			}
		})
		return c, &out
	}
	command("-m", "ipyparallel.engine", "--file="+proto.EngineFile(profile, ""))
	rc := connect(t, profile, 2)
	view := rc.LoadBalancedView(parallel.Chunk(1))
	numbers := make([]int, 200)
	for i := range numbers {
		numbers[i] = i
	}
	r := view.Map(add, numbers, numbers)
	sums, err := parallel.Get[[]int](r)
	if err != nil || sums[199] != 398 {
		t.Fatalf("%v, %v", len(sums), err)
	}
	var remote *parallel.RemoteError
	if _, err := rc[1].Apply(add, 1, 2).Get(); !errors.As(err, &remote) || remote.Name != proto.UnsupportedCodec || !strings.Contains(remote.Message, "engine 1 runs python") {
		t.Errorf("a Go function on the Python engine: %v", err)
	}
	client, out := command("testdata/mixed.py", proto.ClientFile(profile, ""))
	done := make(chan error, 1)
	go func() { done <- client.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("client: %v", err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("the client hangs")
		_ = client.Process.Kill() // its end is awaited below
		<-done
	}
	if !strings.HasSuffix(strings.TrimSpace(out.String()), "done") {
		t.Errorf("client:\n%s", out)
	}
}

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
		t.Fatalf("%v: `make test` sets it up; or set GOPAR_PYTHON to a Python with ipyparallel, ipykernel and pyzmq", err)
	}
	return p
}
