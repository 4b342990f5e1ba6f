//go:build unix

package kernel_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
	"github.com/gopar-project/gopar/kernel"
)

// This test binary is also a kernel process: given a connection file in
// kernelFile it serves it; given writeHistory it stores cells.
const (
	kernelFile   = "GOPAR_TEST_KERNEL"
	writeHistory = "GOPAR_TEST_HISTORY"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(kernelFile); file != "" {
		os.Exit(serveProcess(file))
	}
	if path := os.Getenv(writeHistory); path != "" {
		os.Exit(writeCells(path))
	}
	tmp, err := os.MkdirTemp("", "gk") // what the tests build is large: nothing of it stays behind
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = os.Setenv("TMPDIR", tmp) // fails for malformed names only
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(tmp) // best effort
		os.Exit(code)
	}))
}

func serveProcess(file string) int {
	err := kernel.Run(context.Background(), file, kernel.Config{
		Evaluator: &scripted{},
		Listening: func(info jupyter.ConnectionInfo) {
			_ = json.NewEncoder(os.Stdout).Encode(info) // the test notices when it does not come
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func writeCells(path string) int {
	h := kernel.OpenHistory(path)
	for n := range 50 {
		if err := h.Add(n+1, strings.Repeat("x", 100), ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// startProcess starts a kernel in a process of its own by the command that
// args, a prefix, is put before; the connection comes from its output.
func startProcess(t *testing.T, env []string, prefix ...string) (*exec.Cmd, jupyter.ConnectionInfo) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kernel.json")
	err := jupyter.WriteConnectionFile(file, jupyter.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(prefix, exe)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(append(os.Environ(), kernelFile+"="+file), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the kernel did not start: %v", err)
	}
	var info jupyter.ConnectionInfo
	if err := json.Unmarshal([]byte(line), &info); err != nil {
		t.Fatal(err)
	}
	if saved, err := jupyter.ReadConnectionFile(file); err != nil || saved != info {
		t.Errorf("ports written back: %+v, %v; bound %+v", saved, err, info)
	}
	return cmd, info
}

// ended waits for a process and returns how it ended.
func ended(t *testing.T, cmd *exec.Cmd) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(jupytertest.Deadline):
		_ = cmd.Process.Kill()
		t.Fatal("the kernel did not end")
		return nil
	}
}

func TestSIGINTInterruptsAndSIGTERMEnds(t *testing.T) {
	t.Parallel()
	cmd, info := startProcess(t, nil)
	f := jupytertest.Connect(t, info)
	signal := func(s syscall.Signal) {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGINT) // idle: nothing happens
	f.Execute("1 + 2")
	request := f.Start(jupytertest.Cell("for {}"))
	f.Output(request, "execute_input", "")
	signal(syscall.SIGINT)
	if e := f.Finish(request); e.Reply.EName != "Interrupted" {
		t.Errorf("%s", e.Raw.Content)
	}
	signal(syscall.SIGTERM)
	if err := ended(t, cmd); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
}

func TestShutdownRequestExitsWithSuccess(t *testing.T) {
	t.Parallel()
	cmd, info := startProcess(t, nil)
	f := jupytertest.Connect(t, info)
	f.Request(jupyter.Control, "shutdown_request", jupyter.ShutdownRequest{}, nil)
	if err := ended(t, cmd); err != nil {
		t.Errorf("%v", err)
	}
}

func TestKernelEndsWithTheProcessThatStartedIt(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"child":         `export JPY_PARENT_PID=$$; "$0" & echo pid $! >&3; wait`,
		"behind a wrap": `export JPY_PARENT_PID=$$; (sh -c '"$0" & echo pid $! >&3; wait' "$0" & wait)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close() //nolint:errcheck // read only
			pid := make(chan int, 1)
			go func() {
				line, _ := bufio.NewReader(r).ReadString('\n') // "" is no pid
				n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
				pid <- n
			}()
			parent, info := startShell(t, script, w)
			f := jupytertest.Connect(t, info)
			f.Execute("1 + 2")
			kernelPID := <-pid
			if kernelPID == 0 {
				t.Fatal("no pid")
			}
			if err := parent.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_, _ = parent.Process.Wait() // reaped: its pid is gone; how it ended is known
			gone(t, kernelPID)
		})
	}
}

// startShell starts the script, in which $0 is the kernel, with w as descriptor 3.
func startShell(t *testing.T, script string, w *os.File) (*exec.Cmd, jupyter.ConnectionInfo) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kernel.json")
	err := jupyter.WriteConnectionFile(file, jupyter.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", script, exe)
	cmd.Env = append(os.Environ(), kernelFile+"="+file)
	cmd.ExtraFiles = []*os.File{w}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close() // the child has its own
	t.Cleanup(func() { _ = out.Close() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the kernel did not start: %v", err)
	}
	var info jupyter.ConnectionInfo
	if err := json.Unmarshal([]byte(line), &info); err != nil {
		t.Fatal(err)
	}
	return cmd, info
}

// gone waits until there is no process pid; a zombie counts as gone.
func gone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.After(jupytertest.Deadline)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("the kernel outlived its parent")
		}
	}
}

func TestKernelsShareOneHistoryFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "gopar", "history.jsonl")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			cmd := exec.Command(exe)
			cmd.Env = append(os.Environ(), writeHistory+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	entries, err := kernel.OpenHistory(path).Tail(0)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(map[int]int)
	for _, e := range entries {
		if e.Line != lines[e.Session]+1 {
			t.Errorf("session %d: line %d after %d", e.Session, e.Line, lines[e.Session])
		}
		lines[e.Session] = e.Line
	}
	if len(lines) != 4 || len(entries) != 200 {
		t.Errorf("%d entries of %d sessions", len(entries), len(lines))
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
}
