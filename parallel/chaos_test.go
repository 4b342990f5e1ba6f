//go:build linux

package parallel_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/parallel"
)

// TestChaos runs tasks of several clients on real processes while these are killed, stopped and cut off: engines with SIGKILL and
// SIGSTOP, engines behind a network that goes down (when root runs it), the hub with SIGKILL, clients that drop their connection. Every
// task finishes once, with its own result, or fails with a reason; the scheduler's invariants are checked after every event.
//
// What happens, and after how many tasks, follows from $GOPAR_CHAOS_SEED; $GOPAR_CHAOS_TASKS is how many there are (make check: 100,000),
// and $GOPAR_CHAOS_NETWORK=1 adds the network, for which root makes a namespace.
func TestChaos(t *testing.T) {
	tasks, seed := number(t, "GOPAR_CHAOS_TASKS", 2000), number(t, "GOPAR_CHAOS_SEED", 1)
	t.Logf("seed %d, %d tasks", seed, tasks)
	c := newChaos(t, tasks, uint64(seed))
	var clients sync.WaitGroup
	for i := range chaosClients {
		clients.Go(func() { c.client(i) })
	}
	finished := make(chan struct{})
	go func() { clients.Wait(); close(finished) }()
	c.wreak(finished)
	<-finished
	c.judge()
}

const (
	chaosClients = 3
	chaosEngines = 4
	chaosWave    = 200 // tasks that a client submits at once
)

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// slowly multiplies, and takes up to 8 ms, so that something is going on whenever something bad happens.
func slowly(a, b int) int {
	time.Sleep(time.Duration(a%9) * time.Millisecond)
	return a * b
}

// chaos is one run.
type chaos struct {
	t     *testing.T
	tasks int
	rng   *rand.Rand // of wreak only
	p     *processes
	net   *network // nil: none

	done     atomic.Int64  // tasks with a result
	progress chan struct{} // capacity 1: done changed
	wrong    atomic.Int64  // tasks with another's result

	mu      sync.Mutex
	failed  map[string]int                // by reason
	again   int                           // tasks submitted again by a client that had dropped its connection
	current [chaosClients]parallel.Client // connections
	counts  map[string]int                // what happened
}

func newChaos(t *testing.T, tasks int, seed uint64) *chaos {
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	c := &chaos{t: t, tasks: tasks, rng: rand.New(rand.NewPCG(seed, 0)), progress: make(chan struct{}, 1), failed: map[string]int{}, counts: map[string]int{}}
	c.p = &processes{dir: t.TempDir(), binary: binary}
	c.p.profile = filepath.Join(c.p.dir, "profile")
	t.Cleanup(c.p.stop)
	if os.Getenv("GOPAR_CHAOS_NETWORK") == "1" {
		c.net = newNetwork(t)
	}
	c.hub()
	for range chaosEngines {
		if err := c.p.engine(); err != nil {
			t.Fatal(err)
		}
	}
	if c.net != nil {
		for range 2 {
			c.net.engine(c.p)
		}
	}
	return c
}

// hub starts the hub, for the first time or again.
func (c *chaos) hub(more ...string) {
	args := append([]string{"hub", "--profile-dir=" + c.p.profile, "--ping=500", "--validate"}, more...)
	if c.net != nil {
		args = append(args, "--ip=*")
	}
	c.p.hub = c.p.command(args...)
	if err := c.p.hub.Start(); err != nil {
		c.t.Fatal(err)
	}
}

// client submits its share of the tasks, wave by wave, and checks the results.
func (c *chaos) client(i int) {
	first, last := i*c.tasks/chaosClients, (i+1)*c.tasks/chaosClients
	var todo []int
	for n := first; n < last; n++ {
		todo = append(todo, n)
	}
	for len(todo) > 0 {
		rc, err := c.connect(i)
		if err != nil {
			c.t.Errorf("client %d: %v", i, err)
			return
		}
		for len(todo) > 0 {
			wave := todo[:min(chaosWave, len(todo))]
			left, dropped := c.wave(rc, wave)
			todo = append(left, todo[len(wave):]...)
			if dropped {
				c.mu.Lock()
				c.again += len(left)
				c.mu.Unlock()
				break
			}
		}
		if err := rc.Close(); err != nil {
			c.t.Errorf("client %d: %v", i, err)
		}
	}
}

func (c *chaos) connect(i int) (parallel.Client, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for {
		rc, err := parallel.ConnectContext(ctx, parallel.File(c.p.file()), parallel.Output(nil, nil))
		if err == nil {
			c.mu.Lock()
			c.current[i] = rc
			c.mu.Unlock()
			rc, err = rc.WaitForEnginesContext(ctx, 1)
			if errors.Is(err, parallel.ErrClosed) {
				continue // dropped meanwhile
			}
			return rc, err
		}
		if ctx.Err() != nil || !errors.Is(err, parallel.ErrNoCluster) && !errors.Is(err, parallel.ErrHubGone) && !errors.Is(err, parallel.ErrTimeout) {
			return nil, err
		}
	}
}

// wave runs some tasks and returns those that a client whose connection was dropped has no result of.
func (c *chaos) wave(rc parallel.Client, wave []int) (left []int, dropped bool) {
	ys := make([]int, len(wave))
	for i, n := range wave {
		ys[i] = n + 1
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	now, err := rc.WaitForEnginesContext(ctx, 1) // a view of engines of which none is left runs nothing
	if errors.Is(err, parallel.ErrClosed) {
		return wave, true
	}
	r := now.LoadBalancedView(parallel.Chunk(1)).Map(slowly, wave, ys)
	if !r.Wait(5 * time.Minute) {
		c.t.Errorf("a wave hangs: %v", r)
		return nil, false
	}
	values, err := r.Get()
	dropped = errors.Is(err, parallel.ErrClosed)
	done, total := r.Progress()
	if done > total || done < total && err == nil {
		c.t.Errorf("%d of %d tasks are finished", done, total)
	}
	for i, n := range wave {
		switch {
		case i < len(values) && values[i] == n*(n+1):
			c.done.Add(1)
		case i < len(values) && values[i] != nil && (values[i] != 0 || err == nil): // one without a result has the zero value
			c.wrong.Add(1)
		case dropped:
			left = append(left, n)
		case i < done:
			c.done.Add(1) // it has failed
		default:
			left = append(left, n) // a map that failed does not send the rest
		}
	}
	if !dropped {
		c.mu.Lock()
		for _, err := range r.Errors() {
			var remote *parallel.RemoteError
			reason := err.Error()
			if errors.As(err, &remote) {
				reason = remote.Name
			}
			c.failed[reason]++
		}
		c.mu.Unlock()
	}
	select {
	case c.progress <- struct{}{}:
	default:
	}
	return left, dropped
}

// wreak does something bad after every some tasks, until all clients are finished.
func (c *chaos) wreak(finished <-chan struct{}) {
	every := int64(max(c.tasks/400, 100))
	for next := every; ; next = c.done.Load() + every { // what takes long must not pile up
		for c.done.Load() < next {
			select {
			case <-c.progress:
			case <-finished:
				return
			}
		}
		acts := []string{"kill engine", "pause engine", "kill hub", "drop client"}
		if c.net != nil {
			acts = append(acts, "network down")
		}
		act := acts[c.rng.IntN(len(acts))]
		c.counts[act]++
		c.act(act)
	}
}

func (c *chaos) act(what string) {
	victim := c.rng.IntN(chaosEngines)
	pause := time.Duration(200+c.rng.IntN(1000)) * time.Millisecond
	switch what {
	case "kill engine":
		e := c.p.engines[victim]
		_ = e.Process.Kill() // it is there, or was given up and has ended
		_ = e.Wait()
		old := c.p.engines
		c.p.engines = nil
		if err := c.p.engine("--hub-timeout=60"); err != nil {
			c.t.Error(err)
		}
		old[victim] = c.p.engines[0]
		c.p.engines = old
	case "pause engine":
		e := c.p.engines[victim]
		_ = e.Process.Signal(syscall.SIGSTOP)
		c.after(pause)
		_ = e.Process.Signal(syscall.SIGCONT)
	case "kill hub":
		_ = c.p.hub.Process.Kill()
		_ = c.p.hub.Wait()
		c.hub("--restore")
	case "drop client":
		c.mu.Lock()
		rc := c.current[c.rng.IntN(chaosClients)]
		c.mu.Unlock()
		if rc != nil {
			_ = rc.Close() // its owner may have done so
		}
	case "network down":
		c.net.set(false)
		if c.rng.IntN(3) == 0 {
			pause += 6 * time.Second // the hub gives up engines that it does not hear of
		}
		c.after(pause)
		c.net.set(true)
	}
}

// after lets some time pass, in which the others go on.
func (c *chaos) after(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

func (c *chaos) judge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	failures := 0
	for reason, n := range c.failed {
		failures += n
		switch reason {
		case proto.EngineError, proto.ImpossibleDependency: // its engines died
		default:
			c.t.Errorf("%d tasks failed: %s", n, reason)
		}
	}
	c.t.Logf("%d tasks: %d failed %v, %d submitted again by dropped clients; %v", c.tasks, failures, c.failed, c.again, c.counts)
	if n := c.done.Load(); n != int64(c.tasks) || c.wrong.Load() > 0 {
		c.t.Errorf("%d of %d tasks are finished, %d with a wrong result", n, c.tasks, c.wrong.Load())
	}
	if failures > c.tasks/50 {
		c.t.Errorf("%d tasks failed: most should be run elsewhere", failures)
	}
	log, err := os.ReadFile(filepath.Join(c.p.dir, "hub.log"))
	if err != nil {
		c.t.Error(err)
	}
	for _, bad := range []string{"scheduler broken", "panic", "DATA RACE", "nothing more is kept"} {
		if i := strings.Index(string(log), bad); i >= 0 {
			c.t.Errorf("the hub's log: %.2000s", log[i:])
		}
	}
	if c.t.Failed() {
		c.t.Logf("the end of the hub's log:\n%s", log[max(0, len(log)-6000):])
	}
}

// network is a namespace with engines behind a cable that can be pulled.
type network struct {
	t     *testing.T
	name  string
	cable string // this machine's end
	here  string // this machine's address
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	id := os.Getpid() % 200
	n := &network{t: t, name: fmt.Sprintf("gopar%d", id), cable: fmt.Sprintf("gopar%da", id), here: fmt.Sprintf("10.213.%d.1", id)}
	n.ip("netns", "add", n.name)
	t.Cleanup(func() { n.ip("netns", "del", n.name) })
	far := fmt.Sprintf("gopar%db", id)
	n.ip("link", "add", n.cable, "type", "veth", "peer", "name", far, "netns", n.name)
	n.ip("addr", "add", n.here+"/24", "dev", n.cable)
	n.ip("link", "set", n.cable, "up")
	n.ip("-n", n.name, "addr", "add", fmt.Sprintf("10.213.%d.2/24", id), "dev", far)
	n.ip("-n", n.name, "link", "set", far, "up")
	n.ip("-n", n.name, "link", "set", "lo", "up")
	return n
}

func (n *network) ip(args ...string) {
	n.t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		n.t.Fatalf("ip %v: %v\n%s", args, err, out)
	}
}

// set pulls or plugs the cable.
func (n *network) set(up bool) {
	n.ip("link", "set", n.cable, map[bool]string{true: "up", false: "down"}[up])
}

// engine starts an engine in the namespace. It reaches the hub by the cable only.
func (n *network) engine(p *processes) {
	n.t.Helper()
	c := p.command("engine", "--profile-dir="+p.profile, "--hub-timeout=60", "--location="+n.here)
	c.Args = append([]string{"ip", "netns", "exec", n.name}, c.Args...)
	path, err := exec.LookPath("ip")
	if err != nil {
		n.t.Fatal(err)
	}
	c.Path = path
	if err := c.Start(); err != nil {
		n.t.Fatal(err)
	}
	p.engines = append(p.engines, c)
}
