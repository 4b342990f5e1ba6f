package test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestEncryptedCluster is the promise of docs/security.md: one word encrypts a cluster, Go and Python work on it side by side, and its
// keys are nowhere but in files of their owner's.
func TestEncryptedCluster(t *testing.T) {
	h := newHome(t)
	// A key pair of the hub's own that the test knows, so that it can look for it.
	secret := strings.TrimSpace(h.ok("python", "-c", "import zmq; print(zmq.curve_keypair()[1].decode())"))
	plain := h.env
	h.env = append(h.env, "IPP_CURVE_SECRETKEY="+secret)
	t.Cleanup(func() {
		if r := h.run(context.Background(), "gopar", "cluster", "stop"); r.err != nil { // the test's own context has ended
			t.Errorf("stop the cluster: %v\n%s", r.err, r.all())
		}
	})
	h.ok("gopar", "cluster", "start", "-n", "2", "--enable-curve")
	h.env = plain

	security := filepath.Join(h.dir, "ipython", "profile_default", "security")
	var info struct {
		Key            string
		CurveServerKey string `json:"curve_serverkey"`
	}
	b, err := os.ReadFile(filepath.Join(security, "ipcontroller-client.json"))
	if err == nil {
		err = json.Unmarshal(b, &info)
	}
	if err != nil || info.Key == "" || info.CurveServerKey == "" {
		t.Fatalf("connection file: %v\n%s", err, b)
	}
	stop := h.pythonEngine(filepath.Join(security, "ipcontroller-engine.json"))
	defer stop()

	if out := h.python("curve.py", filepath.Join(security, "ipcontroller-client.json")); !strings.HasSuffix(strings.TrimSpace(out), "done") {
		t.Errorf("the Python client:\n%s", out)
	}
	out := h.ok("gopar", "run", h.notebook("rc := parallel.MustConnect()\nfunc mul(a, b int) int { return a * b }", "rc[0].Apply(mul, 6, 7)", "%%px --targets 0,1\nfmt.Println(5 * 6)"))
	if !strings.Contains(out, "Out[2]: 42") || strings.Count(out, "30\n") != 2 {
		t.Errorf("the Go client:\n%s", out)
	}
	if out := h.ok("gopar", "cluster", "status"); !strings.Contains(out, "running") {
		t.Errorf("status:\n%s", out)
	}
	h.keysAreHidden(info.Key, secret)
}

// pythonEngine starts ipyparallel's engine; stop ends it.
func (h *home) pythonEngine(file string) (stop func()) {
	h.t.Helper()
	cmd := exec.Command(program.python, "-m", "ipyparallel.engine", "--file="+file)
	cmd.Env, cmd.Dir = slices.DeleteFunc(slices.Clone(h.env), func(kv string) bool { return kv == "IPP_PROFILE_DIR=" }), h.dir // ipyparallel takes it for a folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                                                                      // its nanny ends with it
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, 5*time.Second
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	return func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait() // killed
		if h.t.Failed() {
			h.t.Logf("the Python engine:\n%s", out.String())
		}
	}
}

// keysAreHidden makes sure that no process has a secret among its arguments, that none in which cells run has the hub's in its
// environment, that no log shows one, and that files with one are their owner's only.
func (h *home) keysAreHidden(secrets ...string) {
	h.t.Helper()
	found := func(b []byte) bool {
		for _, s := range secrets {
			if bytes.Contains(b, []byte(s)) {
				return true
			}
		}
		return false
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(lines) == 0 {
		h.t.Fatalf("no processes: %v", err)
	}
	runners := 0
	for _, path := range lines {
		args, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		if found(args) {
			h.t.Errorf("a key is among the arguments %q", args)
		}
		if parts := bytes.Split(args, []byte{0}); len(parts) < 2 || filepath.Base(string(parts[0])) != "gopar" || string(parts[1]) != "runner" {
			continue
		}
		if env, err := os.ReadFile(filepath.Join(filepath.Dir(path), "environ")); err == nil && bytes.Contains(env, []byte(h.dir)) {
			runners++
			if found(env) {
				h.t.Errorf("a key is in the environment of %q", args)
			}
		}
	}
	if runners == 0 {
		h.t.Error("no runner was found: the test shows nothing")
	}
	logs, withKeys := 0, 0
	err = filepath.WalkDir(h.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // gone meanwhile, or a socket
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		if strings.HasSuffix(path, ".log") {
			logs++
		}
		if !found(b) {
			return nil
		}
		withKeys++
		info, err := d.Info()
		if err != nil || info.Mode().Perm()&0o077 != 0 || filepath.Base(filepath.Dir(path)) != "security" {
			h.t.Errorf("a key is in %s, mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || logs == 0 || withKeys == 0 {
		h.t.Errorf("%v; %d logs and %d files with keys were found", err, logs, withKeys)
	}
}
