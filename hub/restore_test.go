package hub

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/journal"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// TestServedHub is the hub's process of the tests that kill it, not a test: it serves until it is killed.
func TestServedHub(t *testing.T) {
	text := os.Getenv("GOPAR_TEST_HUB")
	if text == "" {
		return
	}
	var c Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	c.Validate = true
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-h.Ready()
		os.Stdout.WriteString("ready\n")
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the test that started it
		cancel()
	}()
	if err := h.Serve(ctx); err != nil {
		t.Error(err)
	}
}

// mortal is a hub in a process of its own, which can be killed.
type mortal struct {
	*Hub // only its connection information
	t    *testing.T
	cfg  Config
	cmd  *exec.Cmd
	in   io.Closer
}

// startMortal starts a hub that kill ends.
func startMortal(t *testing.T, c Config) *mortal {
	t.Helper()
	if c.ProfileDir == "" {
		c.ProfileDir = t.TempDir()
	}
	m := &mortal{t: t, cfg: c}
	m.start()
	t.Cleanup(m.kill)
	info, err := proto.ReadClientInfo(proto.ClientFile(c.ProfileDir, ""))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := proto.ReadEngineInfo(proto.EngineFile(c.ProfileDir, ""))
	if err != nil {
		t.Fatal(err)
	}
	m.Hub = &Hub{client: *info, engine: *engine}
	return m
}

func (m *mortal) start() {
	m.t.Helper()
	m.cmd = exec.Command(os.Args[0], "-test.run=^TestServedHub$")
	m.cmd.Env = append(os.Environ(), "GOPAR_TEST_HUB="+string(encode(m.cfg)))
	m.cmd.Stderr = os.Stderr
	var err error
	if m.in, err = m.cmd.StdinPipe(); err != nil {
		m.t.Fatal(err)
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "ready" {
			return
		}
	}
	m.t.Fatal("the hub did not start")
}

// kill is SIGKILL; it returns when the process is gone.
func (m *mortal) kill() {
	if m.cmd != nil {
		_ = m.cmd.Process.Kill() // it may have ended
		_ = m.cmd.Wait()
		m.cmd = nil
	}
}

// again starts the hub that was killed once more, with what its journal tells.
func (m *mortal) again() {
	m.t.Helper()
	m.cfg.Restore = true
	m.start()
}

func TestAKilledHubGoesOn(t *testing.T) {
	for _, address := range []string{"memory", "sqlite"} {
		t.Run(address, func(t *testing.T) {
			dir := t.TempDir()
			if address == "sqlite" {
				address += ":" + dir + "/tasks.db"
			}
			h := startMortal(t, Config{ProfileDir: dir, Ping: 100 * time.Millisecond, HWM: 2, Store: address, JournalSync: -1})
			c := newClient(t, h.Hub)
			worker, busy := startEngine(t, h.Hub, c, echo), startEngine(t, h.Hub, c, hold)
			target := func(e *testEngine) proto.TaskMetadata { return proto.TaskMetadata{Targets: []string{e.uuid}} }
			var done []string
			for range 3 {
				done = append(done, c.apply(target(worker), []byte("data")))
				c.tasks.answerTo(t, done[len(done)-1])
			}
			purged := c.apply(target(worker))
			c.tasks.answerTo(t, purged)
			var ok proto.OK
			c.ask(proto.PurgeRequestType, map[string]any{"msg_ids": []string{purged}}, &ok)
			direct := c.send(c.mux, c.toEngine(busy.uuid, proto.ApplyRequestType, struct{}{}))
			running, prefetched, queued := c.apply(target(busy)), c.apply(target(busy)), c.apply(target(busy), []byte("later"))
			dependent := c.apply(proto.TaskMetadata{After: proto.Dependency{IDs: []string{done[0], running}, All: true, Success: true}})
			requests := map[string]*jupyter.Message{}
			for len(requests) < 3 {
				m := busy.request(t)
				requests[m.Header.MsgID] = m
			}
			var q proto.QueueReply
			for limit := time.Now().Add(deadline); q.Unassigned.N != 2 && time.Now().Before(limit); { // all of it is known to the hub: what is not read is not in the journal
				c.ask(proto.QueueRequestType, proto.QueueRequest{}, &q)
			}
			written(t, h)
			h.kill()
			late := c.message(proto.ApplyRequestType, target(worker), struct{}{})
			whileAway := c.send(c.task, late)
			answer := busy.reply(requests[direct], proto.StatusOK, proto.OK{Status: proto.StatusOK})
			reply := func(to string, m *jupyter.Message) func() {
				return func() {
					if err := busy.shell.Send(to, busy.session.Encode(m)); err != nil {
						t.Error(err)
					}
				}
			}
			reply("mux_out", answer)()
			h.again()

			answered(t, c, direct, reply("mux_out", answer)) // it came while there was no hub
			answered(t, c, whileAway, func() { c.send(c.task, late) })
			var there proto.ConnectionReply
			c.ask(proto.ConnectionRequestType, struct{}{}, &there)
			if there.Engines[strconv.Itoa(worker.id)] != worker.uuid || there.Engines[strconv.Itoa(busy.id)] != busy.uuid || len(there.Engines) != 2 {
				t.Errorf("engines %v", there.Engines)
			}
			var results proto.ResultReply
			m := c.ask(proto.ResultRequestType, map[string]any{"msg_ids": done}, &results)
			if len(results.Completed) != 3 || len(m.Buffers) != 3 || string(m.Buffers[0]) != "data" {
				t.Errorf("results %+v", results)
			}
			var history proto.HistoryReply
			want := append(slices.Clone(done), direct, running, prefetched, queued, dependent, whileAway)
			c.ask(proto.HistoryRequestType, struct{}{}, &history)
			slices.Sort(want)
			if slices.Sort(history.History); !slices.Equal(history.History, want) {
				t.Errorf("history %v, want %v", history.History, want)
			}
			// What the engine had is its own still: its replies are final, and it gets the next.
			for _, id := range []string{running, prefetched} {
				r := reply("task_out", busy.reply(requests[id], proto.StatusOK, proto.OK{Status: proto.StatusOK}))
				r()
				answered(t, c, id, r)
			}
			if m := busy.requestFor(t, queued); string(m.Buffers[0]) != "later" {
				t.Errorf("%q", m.Buffers)
			}
			other := startEngine(t, h.Hub, c, echo)
			if other.id <= busy.id {
				t.Errorf("id %d was given out twice", other.id)
			}
			c.tasks.answerTo(t, dependent)
			busy.kill()
			if m := c.tasks.answerTo(t, queued); !strings.Contains(string(m.Content), "ImpossibleDependency") && !strings.Contains(string(m.Content), "EngineError") {
				t.Errorf("%s", m.Content)
			}
		})
	}
}

// answered waits until a task is finished, as a client that was away does: what was sent to it meanwhile is lost, and so may be what was
// sent to the hub, which is sent again.
func answered(t *testing.T, c *testClient, id string, again func()) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit, next := time.Now().Add(deadline), time.Now().Add(300*time.Millisecond); ; <-tick.C {
		var r proto.ResultReply
		c.ask(proto.ResultRequestType, map[string]any{"msg_ids": []string{id}, "partial": true}, &r)
		if len(r.Completed) == 1 {
			return
		}
		if time.Now().After(next) {
			again()
			next = next.Add(300 * time.Millisecond)
		}
		if time.Now().After(limit) {
			t.Fatalf("%s is not finished: %+v", id, r)
		}
	}
}

// written waits until the hub has written what it was told so far to its journal.
func written(t *testing.T, m *mortal) {
	t.Helper()
	path := m.cfg.journalDir() + "/00000001.journal"
	size := func() int64 {
		i, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return i.Size()
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for last := int64(-1); last != size(); <-tick.C {
		last = size()
	}
}

// TestAnEngineThatDoesNotComeBackIsLost: what it had is run elsewhere, or fails with its reason.
func TestAnEngineThatDoesNotComeBackIsLost(t *testing.T) {
	h := startMortal(t, Config{Ping: 50 * time.Millisecond, RegistrationTimeout: 300 * time.Millisecond})
	c := newClient(t, h.Hub)
	busy := startEngine(t, h.Hub, c, hold)
	direct := c.send(c.mux, c.toEngine(busy.uuid, proto.ApplyRequestType, struct{}{}))
	task := c.apply(proto.TaskMetadata{})
	busy.request(t)
	busy.request(t)
	written(t, h)
	h.kill()
	busy.kill()
	h.again()
	waiting := c.send(c.mux, c.toEngine(busy.uuid, proto.ApplyRequestType, struct{}{})) // it is awaited still
	for _, id := range []string{direct, waiting} {
		answered(t, c, id, func() {})
	}
	startEngine(t, h.Hub, c, echo)
	answered(t, c, task, func() {})
}

func TestRestoreNeedsAJournal(t *testing.T) {
	h, err := New(Config{ProfileDir: t.TempDir(), Restore: true, Journal: "none"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), "journal") {
		t.Errorf("%v", err)
	}
}

// FuzzRestore: a journal may hold anything; a hub starts with what makes sense.
func FuzzRestore(f *testing.F) {
	f.Add(jTask, []byte("task"), []byte("client"), []byte("e"), []byte("12345678"), []byte(`{"msg_id":"a","msg_type":"apply_request"}`), []byte(`{"after": ["a"]}`))
	f.Add(jDone, []byte("a"), []byte("e"), []byte("12345678"), []byte(`{"msg_id":"b"}`), []byte(`{"status":"ok"}`), []byte("{}"))
	f.Add(jEngine, []byte(`{"id":3,"uuid":"e","slots":2}`), []byte(""), []byte(""), []byte(""), []byte(""), []byte(""))
	f.Fuzz(func(t *testing.T, kind byte, a, b, c, d, e, g []byte) {
		h, err := New(Config{ProfileDir: t.TempDir(), Restore: true})
		if err != nil {
			t.Fatal(err)
		}
		h.session, h.opener, h.life = jupyter.NewSession(nil), newOpener(""), t.Context()
		h.makeSockets()
		r := newRestorer(h)
		for _, x := range []struct {
			kind  byte
			parts [][]byte
		}{
			{jEngine, [][]byte{[]byte(`{"id":1,"uuid":"e"}`)}},
			{kind, [][]byte{a, b, c, d, delimiter, nil, e, []byte("{}"), g, []byte("{}")}},
			{kind, [][]byte{a, b, c, d, e, g}},
			{kind, [][]byte{a}},
		} {
			if err := r.entry(journalEntry(x.kind, x.parts)); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.finish(); err != nil {
			t.Fatal(err)
		}
		h.lose("e", "it is over")
		if err := h.sched.Validate(); err != nil {
			t.Error(err)
		}
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
}

func journalEntry(kind byte, parts [][]byte) journal.Entry {
	return journal.Entry{Kind: kind, Parts: parts}
}
