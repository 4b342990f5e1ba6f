package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/engine"
	"github.com/gopar-project/gopar/hub"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/runner"
	"github.com/gopar-project/gopar/internal/zmtp"
	"github.com/gopar-project/gopar/kernel"
	"github.com/gopar-project/gopar/parallel"
)

// TestMain makes the test binary a program whose functions engines call.
func TestMain(m *testing.M) {
	parallel.Init()
	code := m.Run()
	if dir != "" {
		if err := os.RemoveAll(dir); err != nil {
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

const deadline = 60 * time.Second

var dir string // of the binary

// gopar is the binary whose runner the engines start.
var gopar = sync.OnceValues(func() (string, error) {
	if binary := os.Getenv("GOPAR"); binary != "" {
		return binary, nil
	}
	var err error
	if dir, err = os.MkdirTemp("", "engine-test-"); err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "gopar")
	out, err := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", binary, "../cmd/gopar").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build gopar: %w\n%s", err, out)
	}
	return binary, nil
})

// serveHub serves a hub with given files until stop is called.
func serveHub(t testing.TB, profile string) (h *hub.Hub, stop func()) {
	t.Helper()
	h, err := hub.New(hub.Config{ProfileDir: profile, Ping: 200 * time.Millisecond, Reuse: true, Log: shownOnFailure(t, "hub")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx) }()
	select {
	case <-h.Ready():
	case err := <-done:
		cancel()
		t.Fatalf("hub: %v", err)
	}
	return h, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("hub: %v", err)
		}
	})
}

// shownOnFailure is a log that is printed if the test fails.
func shownOnFailure(t testing.TB, who string) logr.Logger {
	var mu sync.Mutex
	var lines []string
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		if t.Failed() {
			t.Log(strings.Join(lines, "\n"))
		}
	})
	return funcr.New(func(prefix, line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, fmt.Sprint(time.Now().Format("15:04:05.000 "), who, " ", prefix, " ", line))
	}, funcr.Options{Verbosity: 1})
}

// serveEngine serves an engine until the test ends; what Serve returned is on the channel.
func serveEngine(t testing.TB, profile string, change func(*engine.Config)) <-chan error {
	t.Helper()
	binary, err := gopar()
	if err != nil {
		t.Fatal(err)
	}
	info, err := proto.ReadEngineInfo(proto.EngineFile(profile, ""))
	if err != nil {
		t.Fatal(err)
	}
	evaluator := kernel.NewEvaluator(kernel.EvaluatorConfig{Runner: runner.Config{Exe: binary}})
	c := engine.Config{Hub: info, Evaluator: evaluator, HubTimeout: deadline, Log: shownOnFailure(t, "engine")}
	if change != nil {
		change(&c)
	}
	e, err := engine.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended, done := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(done)
		err := e.Serve(ctx)
		c.Log.Info("engine ended", "error", fmt.Sprint(err))
		ended <- err
		closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := evaluator.Close(closing); err != nil {
			t.Errorf("evaluator: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	return ended
}

func connect(t testing.TB, profile string, n int) parallel.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	rc, err := parallel.ConnectContext(ctx, parallel.ProfileDir(profile), parallel.Output(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rc.Close(); err != nil {
			t.Error(err)
		}
	})
	if rc, err = rc.WaitForEnginesContext(ctx, n); err != nil {
		t.Fatal(err)
	}
	return rc
}

func add(a, b int) int               { return a + b }
func wait(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
func stuck() int                     { select {} }
func nap() int                       { time.Sleep(300 * time.Millisecond); return 1 }

// foreign sends requests as another client would, and returns the replies.
type foreign struct {
	t       *testing.T
	session *jupyter.Session
	dealers map[int]*zmtp.Dealer
	info    *proto.ClientInfo
	replies chan *jupyter.Message
}

func newForeign(t *testing.T, profile string) *foreign {
	t.Helper()
	info, err := proto.ReadClientInfo(proto.ClientFile(profile, ""))
	if err != nil {
		t.Fatal(err)
	}
	f := &foreign{t: t, session: jupyter.NewSession([]byte(info.Key)), dealers: map[int]*zmtp.Dealer{}, info: info,
		replies: make(chan *jupyter.Message, 100)}
	for _, port := range []int{info.Mux, info.Control, info.Task} {
		d := zmtp.NewDealer(zmtp.Options{Identity: []byte(f.session.ID)}, func(frames [][]byte) {
			if m, err := f.session.Decode(frames); err == nil {
				f.replies <- m
			}
		})
		if err := d.Dial(info.Endpoint(port)); err != nil {
			t.Fatal(err)
		}
		f.dealers[port] = d
		t.Cleanup(func() { _ = d.Close(context.Background()) }) // what was sent has been answered
	}
	return f
}

// ask sends a request to engine (or the scheduler) and waits for its reply.
func (f *foreign) ask(port int, engine, msgType, content, metadata string) (*jupyter.Message, proto.RemoteError, proto.ReplyMetadata) {
	f.t.Helper()
	m, err := f.session.New(msgType, nil, json.RawMessage(content))
	if err != nil {
		f.t.Fatal(err)
	}
	m.Metadata = json.RawMessage(metadata)
	if engine != "" {
		m.Idents = [][]byte{[]byte(engine)}
	}
	if err := f.dealers[port].Send(f.session.Encode(m)); err != nil {
		f.t.Fatal(err)
	}
	for limit := time.After(deadline); ; {
		select {
		case r := <-f.replies:
			parent, err := r.ParentHeader()
			if err != nil || parent.MsgID != m.Header.MsgID {
				continue
			}
			var c proto.RemoteError
			var meta proto.ReplyMetadata
			if err := errors.Join(r.Bind(&c), json.Unmarshal(r.Metadata, &meta)); err != nil {
				f.t.Fatal(err)
			}
			return r, c, meta
		case <-limit:
			f.t.Fatalf("no reply to %s", msgType)
		}
	}
}

func TestTasksOfOtherLanguagesAreRefused(t *testing.T) {
	profile := t.TempDir()
	_, stop := serveHub(t, profile)
	t.Cleanup(stop)
	serveEngine(t, profile, func(c *engine.Config) { c.UUID = "the-uuid" })
	connect(t, profile, 1)
	f := newForeign(t, profile)
	m, c, meta := f.ask(f.info.Mux, "the-uuid", "apply_request", `{}`, `{"label":"mine"}`)
	if m.Header.MsgType != "apply_reply" || c.Status != "error" || c.Ename != proto.UnsupportedCodec || c.EngineInfo == nil || c.EngineInfo.Method != "apply" {
		t.Errorf("reply %s %+v", m.Header.MsgType, c)
	}
	if meta.Status != "error" || meta.Engine != "the-uuid" || !meta.DependenciesMet || meta.Started.IsZero() || meta.Label == nil || *meta.Label != "mine" {
		t.Errorf("metadata %s", m.Metadata)
	}
	_, c, _ = f.ask(f.info.Task, "", "apply_request", `{"codec":"gopar/1","func":{"symbol":"f","unit":"abc"},"args":0,"units":["abc"],"build":"other"}`, `{}`)
	if c.Ename != "BuildMismatch" {
		t.Errorf("reply %+v", c)
	}
	_, c, _ = f.ask(f.info.Mux, "the-uuid", "apply_request", `{"codec":"gopar/1","op":"nonsense"}`, `{}`)
	if c.Ename != "BadRequest" {
		t.Errorf("reply %+v", c)
	}
	for content, want := range map[string]string{
		`{"codec":"gopar/1","op":"fetch","objects":[{"unit":"x","size":1}]}`:                                                   "BadObject",
		`{"codec":"gopar/1","func":{"symbol":"f","exec":"e","program":{"sha256":"../../x"}},"args":0}`:                         "BadProgram",
		`{"codec":"gopar/1","func":{"symbol":"f","exec":"e","program":{"sha256":"` + fmt.Sprintf("%064x", 1) + `"}},"args":0}`: proto.UnitMissing,
	} {
		if _, c, _ := f.ask(f.info.Mux, "the-uuid", "apply_request", content, `{}`); c.Ename != want {
			t.Errorf("%s: %s %s", content, c.Ename, c.Evalue)
		}
	}
}

func TestControlRequests(t *testing.T) {
	profile := t.TempDir()
	_, stop := serveHub(t, profile)
	t.Cleanup(stop)
	serveEngine(t, profile, func(c *engine.Config) { c.UUID = "the-uuid" })
	rc := connect(t, profile, 1)
	f := newForeign(t, profile)
	for _, sig := range []string{`"SIGINT"`, `2`} {
		if _, c, _ := f.ask(f.info.Control, "the-uuid", "signal_request", `{"sig":`+sig+`}`, `{}`); c.Status != "ok" {
			t.Errorf("signal %s: %+v", sig, c)
		}
	}
	if _, c, _ := f.ask(f.info.Control, "the-uuid", "signal_request", `{"sig":"SIGNONSENSE"}`, `{}`); c.Status != "error" {
		t.Errorf("signal: %+v", c)
	}
	if err := rc.Clear(); err != nil {
		t.Errorf("clear: %v", err)
	}
	running, waiting := rc[0].Apply(wait), rc[0].Apply(add, 1, 2)
	if running.Wait(50 * time.Millisecond) {
		t.Fatal(running)
	}
	if _, c, _ := f.ask(f.info.Control, "the-uuid", "abort_request", `{"msg_ids":null}`, `{}`); c.Status != "ok" {
		t.Errorf("abort: %+v", c)
	}
	if running.Wait(50 * time.Millisecond) {
		t.Errorf("a Python client's abort ended what ran: %v", running)
	}
	if err := rc.Abort(); err != nil {
		t.Error(err)
	}
	for _, r := range []*parallel.AsyncResult{running, waiting} {
		if !r.Wait(deadline) || !errors.Is(r.Err(), parallel.ErrAborted) {
			t.Errorf("aborted: %v", r)
		}
	}
	r := rc[0].Apply(stuck)
	if r.Wait(50 * time.Millisecond) {
		t.Fatal(r)
	}
	if err := r.Cancel(); err != nil {
		t.Fatal(err)
	}
	if !r.Wait(deadline) || !errors.Is(r.Err(), parallel.ErrAborted) {
		t.Errorf("stuck: %v", r)
	}
	if v, err := parallel.Get[int](rc[0].Apply(add, 1, 2)); err != nil || v != 3 {
		t.Errorf("after it: %v, %v", v, err)
	}
	if err := rc.Shutdown(); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestSlotsRunTasksAtOnce(t *testing.T) {
	profile := t.TempDir()
	_, stop := serveHub(t, profile)
	t.Cleanup(stop)
	serveEngine(t, profile, func(c *engine.Config) { c.Slots = 4 })
	rc := connect(t, profile, 1)
	if _, err := rc[0].Apply(add, 1, 2).Get(); err != nil { // the program is there now
		t.Fatal(err)
	}
	start := time.Now()
	var all []*parallel.AsyncResult
	for range 4 {
		all = append(all, rc[0].Apply(nap))
	}
	for _, r := range all {
		if _, err := r.Get(); err != nil {
			t.Error(err)
		}
	}
	if d := time.Since(start); d > 900*time.Millisecond {
		t.Errorf("four naps of 0.3 s took %v", d)
	}
}

func TestEngineOutlivesItsHubForAWhile(t *testing.T) {
	profile := t.TempDir()
	_, stop := serveHub(t, profile)
	ended := serveEngine(t, profile, nil)
	rc := connect(t, profile, 1)
	id := rc[0].ID()
	if err := rc.Close(); err != nil {
		t.Error(err)
	}
	stop()
	_, stop = serveHub(t, profile)
	rc = connect(t, profile, 1)
	if rc[0].ID() != id {
		t.Errorf("id %d, was %d", rc[0].ID(), id)
	}
	if v, err := parallel.Get[int](rc[0].Apply(add, 1, 2)); err != nil || v != 3 {
		t.Errorf("with another hub: %v, %v", v, err)
	}
	select {
	case err := <-ended:
		t.Errorf("the engine ended: %v", err)
	default:
	}
	stop()
}

func TestEngineEndsWhenItsHubStaysAway(t *testing.T) {
	profile := t.TempDir()
	_, stop := serveHub(t, profile)
	ended := serveEngine(t, profile, func(c *engine.Config) { c.HubTimeout = 100 * time.Millisecond })
	connect(t, profile, 1)
	stop()
	select {
	case err := <-ended:
		if !errors.Is(err, engine.ErrHubGone) {
			t.Errorf("got %v", err)
		}
	case <-time.After(deadline):
		t.Error("the engine goes on")
	}
}

func TestNoHub(t *testing.T) {
	info := &proto.EngineInfo{Interface: "tcp://127.0.0.1", Registration: 9, Control: 9, Mux: 9, Task: 9, HBPing: 9, HBPong: 9, IOPub: 9, Broadcast: []int{9}, Key: "k"}
	profile := t.TempDir()
	if err := info.WriteAtomic(proto.EngineFile(profile, "")); err != nil {
		t.Fatal(err)
	}
	err := <-serveEngine(t, profile, func(c *engine.Config) { c.Timeout = 100 * time.Millisecond })
	if err == nil || err.Error() != "the hub at tcp://127.0.0.1:9 did not answer within 100ms: is it running?" {
		t.Errorf("got %v", err)
	}
}

// An engine that lacks the program of a task gets it with the same task: what depends on the task waits, and a task that
// may fail only once runs.
func TestWhatAnEngineLacksComesWithTheSameTask(t *testing.T) {
	profile, cache := t.TempDir(), t.TempDir()
	_, stop := serveHub(t, profile)
	t.Cleanup(stop)
	obstacle := filepath.Join(cache, "programs")
	if err := os.WriteFile(obstacle, nil, 0o600); err != nil { // no program can be copied into a folder that is a file
		t.Fatal(err)
	}
	var lacked atomic.Int32
	serveEngine(t, profile, func(c *engine.Config) {
		c.CacheDir = cache
		c.Log = funcr.New(func(_, line string) {
			if strings.Contains(line, "program not copied") {
				lacked.Add(1)
				if err := os.Remove(obstacle); err != nil {
					t.Error(err)
				}
			}
		}, funcr.Options{Verbosity: 1})
	})
	view := connect(t, profile, 1).LoadBalancedView()
	first := view.Apply(add, 1, 2)
	id := first.IDs()[0]
	after := view.With(parallel.After(first)).Apply(add, 3, 4)
	for r, want := range map[*parallel.AsyncResult]int{first: 3, after: 7} {
		if values, err := r.Get(); err != nil || values[0] != want {
			t.Errorf("%v, %v; want %d", values, err, want)
		}
	}
	if n := lacked.Load(); n != 1 {
		t.Errorf("the engine lacked the program %d times, want once", n)
	}
	if again := first.IDs()[0]; again != id {
		t.Errorf("the task %s was sent again as %s", id, again)
	}
}
