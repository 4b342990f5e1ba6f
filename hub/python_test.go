//go:build unix

package hub

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
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
		t.Fatalf("%v: `make test` sets it up; or set GOPAR_PYTHON to a Python with ipyparallel, ipykernel and pyzmq", err)
	}
	return p
}

// TestPythonClientAndEngines is the promise that the hub can take ipcontroller's
// place: real ipyparallel engines and a real client, unmodified.
func TestPythonClientAndEngines(t *testing.T) {
	h := startHub(t, Config{Ping: time.Second})
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
	for range 2 {
		command("-m", "ipyparallel.engine", "--file="+proto.EngineFile(h.cfg.ProfileDir, ""))
	}
	client, out := command("testdata/ipyparallel/client.py", proto.ClientFile(h.cfg.ProfileDir, ""))
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
	if !strings.HasSuffix(strings.TrimSpace(out.String()), "done") || strings.Contains(out.String(), "stale result") {
		t.Errorf("client:\n%s", out)
	}
}
