package parallel_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/parallel"
)

// TestMain makes the test binary what a user's program is: engines run a copy of it to call the tests' functions.
func TestMain(m *testing.M) {
	parallel.Init()
	code := m.Run()
	if shared.dir != "" {
		shared.stop()
		if err := os.RemoveAll(shared.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// deadline is how long a test waits for something that must happen.
const deadline = 60 * time.Second

// processes are a hub and engines that run the real program.
type processes struct {
	dir, profile, binary string
	hub                  *exec.Cmd
	engines              []*exec.Cmd
}

var (
	shared processes // one cluster with 4 engines for tests that do no harm to it
	build  = sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "parallel-test-")
		if err != nil {
			return "", err
		}
		shared.dir = dir
		if binary := os.Getenv("GOPAR"); binary != "" { // built already
			return binary, nil
		}
		binary := filepath.Join(dir, "gopar")
		out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", binary, "../cmd/gopar").CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("build gopar: %w\n%s", err, out)
		}
		return binary, nil
	})
	startShared = sync.OnceValue(func() error {
		binary, err := build()
		if err != nil {
			return err
		}
		shared.binary, shared.profile = binary, filepath.Join(shared.dir, "profile")
		return shared.start(4)
	})
)

// start starts a hub and n engines.
func (p *processes) start(n int) error {
	p.hub = p.command("hub", "--profile-dir="+p.profile, "--ping=1000")
	if err := p.hub.Start(); err != nil {
		return err
	}
	for range n {
		if err := p.engine(); err != nil {
			return err
		}
	}
	return nil
}

// engine starts another engine.
func (p *processes) engine(args ...string) error {
	c := p.command(append([]string{"engine", "--profile-dir=" + p.profile, "--hub-timeout=5"}, args...)...)
	if err := c.Start(); err != nil {
		return err
	}
	p.engines = append(p.engines, c)
	return nil
}

func (p *processes) command(args ...string) *exec.Cmd {
	c := exec.Command(p.binary, args...)
	c.Dir = p.dir
	source, err := filepath.Abs("..") // what units are built against
	if err != nil {
		return c // Start reports it
	}
	c.Env = append(os.Environ(), "IPYTHONDIR="+filepath.Join(p.dir, "ipython"), "GOPAR_SOURCE="+source)
	log, err := os.OpenFile(filepath.Join(p.dir, args[0]+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		c.Stdout, c.Stderr = log, log // the file stays open as long as the test
	}
	return c
}

// stop ends everything and waits for it.
func (p *processes) stop() {
	for _, c := range append(p.engines, p.hub) {
		if c == nil || c.Process == nil {
			continue
		}
		_ = c.Process.Signal(syscall.SIGTERM) // it may have ended
		ended := make(chan struct{})
		go func() { _ = c.Wait(); close(ended) }() // how it ended does not matter
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = c.Process.Kill()
			<-ended
		}
	}
}

// file is the client connection file.
func (p *processes) file() string { return proto.ClientFile(p.profile, "") }

// cluster returns a connection to the shared cluster of 4 engines.
func cluster(t testing.TB, opts ...parallel.Option) parallel.Client {
	t.Helper()
	if err := startShared(); err != nil {
		t.Fatal(err)
	}
	return connect(t, &shared, 4, opts...)
}

// ownCluster starts a cluster that the test may break.
func ownCluster(t *testing.T, n int) *processes {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &processes{dir: t.TempDir(), binary: binary}
	p.profile = filepath.Join(p.dir, "profile")
	t.Cleanup(p.stop)
	if err := p.start(n); err != nil {
		t.Fatal(err)
	}
	return p
}

// connect waits for the hub and n engines.
func connect(t testing.TB, p *processes, n int, opts ...parallel.Option) parallel.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	var rc parallel.Client
	for {
		var err error
		rc, err = parallel.ConnectContext(ctx, append([]parallel.Option{parallel.File(p.file())}, opts...)...)
		if err == nil {
			break
		}
		if !errors.Is(err, parallel.ErrNoCluster) || ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := rc.Close(); err != nil {
			t.Error(err)
		}
	})
	rc, err := rc.WaitForEnginesContext(ctx, n)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(p.dir, "engine.log")) // only for the message
		t.Fatalf("%v\n%s", err, log)
	}
	return rc
}
