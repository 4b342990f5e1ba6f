package hub

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

func TestFilesArePrivateAndRemovedAtTheEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not there yet", "profile_x")
	t.Cleanup(func() {
		for _, f := range []string{proto.ClientFile(dir, "blue"), proto.EngineFile(dir, "blue")} {
			if _, err := os.Stat(f); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", f, err)
			}
		}
	})
	startHub(t, Config{ProfileDir: dir, ClusterID: "blue"})
	client, err := proto.ReadClientInfo(filepath.Join(dir, "security", "ipcontroller-blue-client.json"))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := proto.ReadEngineInfo(filepath.Join(dir, "security", "ipcontroller-blue-engine.json"))
	if err != nil {
		t.Fatal(err)
	}
	if client.Key == "" || client.Key != engine.Key || client.TaskScheme != "leastload" || client.Mux == engine.Mux {
		t.Errorf("%+v\n%+v", client, engine)
	}
	for _, f := range []string{proto.ClientFile(dir, "blue"), proto.EngineFile(dir, "blue")} {
		if st, err := os.Stat(f); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, st.Mode(), err)
		}
	}
}

func TestReuseKeepsPortsAndKey(t *testing.T) {
	dir := t.TempDir()
	var first proto.ClientInfo
	t.Run("first", func(t *testing.T) {
		first = startHub(t, Config{ProfileDir: dir, Reuse: true}).ClientInfo()
	})
	if second := startHub(t, Config{ProfileDir: dir, Reuse: true}).ClientInfo(); first != second {
		t.Errorf("%+v\n%+v", first, second)
	}
}

func TestPortsOfTheConfigurationAreUsed(t *testing.T) {
	free := startHub(t, Config{}) // its ports are free ones the system gave; ours follow them
	_ = free
	if _, err := New(Config{ProfileDir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{ProfileDir: t.TempDir(), Ports: []int{free.ClientInfo().Mux}})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Serve(t.Context()); err == nil {
		t.Error("served with a port that is taken")
	}
}

func TestRegistrationCompletesOnTheFirstPong(t *testing.T) {
	h := startHub(t, Config{}) // a beat every minute
	c := newClient(t, h)
	began := time.Now()
	e := startEngine(t, h, c, echo)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %v", took)
	}
	var reply proto.ConnectionReply
	c.ask(proto.ConnectionRequestType, struct{}{}, &reply)
	if reply.Status != "ok" || reply.Engines["0"] != e.uuid {
		t.Errorf("%+v", reply)
	}
	if second := startEngine(t, h, c, echo); second.id != 1 {
		t.Errorf("second engine is %d", second.id)
	}
}

func TestDirectRequestIsRelayedUnchanged(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	m := c.toEngine(e.uuid, proto.ApplyRequestType, struct{}{})
	m.Buffers = [][]byte{[]byte("function"), {}, bytes.Repeat([]byte("x"), 1<<20)}
	c.send(c.mux, m)
	got := e.request(t)
	if !bytes.Equal(got.RawHeader, m.RawHeader) || len(got.Buffers) != 3 || !bytes.Equal(got.Buffers[2], m.Buffers[2]) {
		t.Errorf("%s", got.RawHeader)
	}
	r := c.direct.answerTo(t, m.Header.MsgID)
	if len(r.Idents) != 1 || string(r.Idents[0]) != e.uuid || r.Header.Session != e.uuid || len(r.Buffers) != 3 {
		t.Errorf("%+v", r)
	}
	if !bytes.Equal(r.Parent, m.RawHeader) {
		t.Errorf("parent header %s", r.Parent)
	}
}

func TestDirectRequestToNobodyIsAnswered(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	id := c.send(c.mux, c.toEngine("nobody", proto.ApplyRequestType, struct{}{}))
	expectError(t, c.direct.answerTo(t, id), proto.EngineError)
}

// expectError checks that m is an error of that name made by the hub.
func expectError(t *testing.T, m *jupyter.Message, ename string) {
	t.Helper()
	var e proto.RemoteError
	if err := m.Bind(&e); err != nil || e.Ename != ename || e.EngineInfo != nil {
		t.Errorf("%s, want %s of the hub", m.Content, ename)
	}
	var md proto.ReplyMetadata
	if err := json.Unmarshal(m.Metadata, &md); err != nil || md.Status != proto.StatusError {
		t.Errorf("metadata %s: %v", m.Metadata, err)
	}
}

func TestDirectTasksOfADeadEngineAreAnswered(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, hold)
	running := c.send(c.mux, c.toEngine(e.uuid, proto.ApplyRequestType, struct{}{}))
	queued := c.send(c.mux, c.toEngine(e.uuid, proto.ExecuteRequestType, struct{}{}))
	e.request(t)
	e.request(t)
	e.kill()
	for range 2 {
		m := c.direct.next(t, "EngineError", func(m *jupyter.Message) bool { return parentID(m) == running || parentID(m) == queued })
		expectError(t, m, proto.EngineError)
	}
	var note proto.EngineNotification
	if err := c.notes.ofType(t, proto.UnregistrationNotificationType).Bind(&note); err != nil || note.UUID != e.uuid {
		t.Errorf("%+v %v", note, err)
	}
	var q proto.QueueReply
	c.ask(proto.QueueRequestType, proto.QueueRequest{}, &q)
	if len(q.Engines) != 0 {
		t.Errorf("still listed: %+v", q)
	}
}

func TestSilentHeartUnregisters(t *testing.T) {
	h := startHub(t, Config{Ping: 20 * time.Millisecond, Misses: 3})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	e.deaf.Store(true)
	c.notes.ofType(t, proto.UnregistrationNotificationType)
}

// A machine that slept, or a process that was stopped, comes back with the id it had, although nobody told the engine that it
// was given up.
func TestAnEngineThatWasSilentIsBack(t *testing.T) {
	h := startHub(t, Config{Ping: 20 * time.Millisecond, Misses: 3})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	for range 2 {
		e.deaf.Store(true)
		c.notes.ofType(t, proto.UnregistrationNotificationType)
		waiting := c.apply(proto.TaskMetadata{})
		e.deaf.Store(false)
		var note proto.EngineNotification
		if err := c.notes.ofType(t, proto.RegistrationNotificationType).Bind(&note); err != nil || note.UUID != e.uuid || note.ID != e.id {
			t.Errorf("%+v, was %d: %v", note, e.id, err)
		}
		c.tasks.answerTo(t, waiting)
	}
}

// All connections of an engine may end without its process: it is alive if its heart is heard again.
func TestAnEngineWhoseConnectionsEndedIsBackWithItsHeart(t *testing.T) {
	h := startHub(t, Config{Ping: 20 * time.Millisecond, Misses: 1000})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	closeAll(e.shell, e.control, e.iopub, e.pong)
	c.notes.ofType(t, proto.UnregistrationNotificationType)
	pong := zmtp.NewDealer(zmtp.Options{Identity: []byte(e.uuid)}, func([][]byte) {})
	defer closeAll(pong)
	info := h.EngineInfo()
	if err := errors.Join(pong.Dial(info.Endpoint(info.HBPong)), pong.Send([][]byte{[]byte("1.0")})); err != nil {
		t.Fatal(err)
	}
	var note proto.EngineNotification
	if err := c.notes.ofType(t, proto.RegistrationNotificationType).Bind(&note); err != nil || note.UUID != e.uuid || note.ID != e.id {
		t.Errorf("%+v, was %d: %v", note, e.id, err)
	}
}

func TestAnEngineThatLeftStaysAway(t *testing.T) {
	h := startHub(t, Config{Ping: 20 * time.Millisecond, Misses: 3})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	c.send(c.query, c.message(proto.UnregistrationRequestType, nil, proto.UnregistrationRequest{ID: e.id}))
	c.notes.ofType(t, proto.UnregistrationNotificationType)
	other := startEngine(t, h, c, echo) // some heartbeats of the first come meanwhile
	var q proto.QueueReply
	if c.ask(proto.QueueRequestType, proto.QueueRequest{}, &q); len(q.Engines) != 1 {
		t.Errorf("%d and %d: %+v", e.id, other.id, q)
	}
}

func TestUnregistrationRequest(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	c.send(c.query, c.message(proto.UnregistrationRequestType, nil, proto.UnregistrationRequest{ID: e.id}))
	c.notes.ofType(t, proto.UnregistrationNotificationType)
}

func TestLoadBalancedTaskIsRelayedUnchanged(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	id := c.apply(proto.TaskMetadata{}, []byte("buffer"))
	r := c.tasks.answerTo(t, id)
	if len(r.Idents) != 1 || string(r.Idents[0]) != e.uuid || string(r.Buffers[0]) != "buffer" {
		t.Errorf("%+v", r)
	}
}

func TestTasksOfADeadEngineRunElsewhere(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	first := startEngine(t, h, c, hold)
	id := c.apply(proto.TaskMetadata{})
	before := first.request(t)
	second := startEngine(t, h, c, echo)
	first.kill()
	after := second.request(t)
	if parentID(c.tasks.answerTo(t, id)) != id || !bytes.Equal(before.RawHeader, after.RawHeader) {
		t.Errorf("%s\n%s", before.RawHeader, after.RawHeader)
	}
}

func TestTaskThatKillsItsEnginesFails(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	var engines []*testEngine
	for range 4 {
		engines = append(engines, startEngine(t, h, c, hold))
	}
	id := c.apply(proto.TaskMetadata{})
	for range 3 {
		var victim *testEngine
		limit := time.After(deadline)
		for victim == nil {
			for _, e := range engines {
				select {
				case <-e.seen:
					victim = e
				case <-limit:
					t.Fatal("the task is nowhere")
				default:
				}
			}
		}
		victim.kill()
	}
	expectError(t, c.tasks.answerTo(t, id), proto.EngineError)
}

func TestFailedTaskIsRetriedAndSignedAnew(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	tries := 0
	var metadata []string
	e := startEngine(t, h, c, func(e *testEngine, m *jupyter.Message) *jupyter.Message {
		tries++
		metadata = append(metadata, string(m.Metadata))
		if tries < 3 {
			return e.reply(m, proto.StatusError, proto.NewRemoteError("Boom", "try %d", tries))
		}
		return echo(e, m)
	})
	_ = e
	id := c.apply(proto.TaskMetadata{Retries: 5})
	r := c.tasks.answerTo(t, id)
	if string(r.Content) != `{"status":"ok"}` || tries != 3 || metadata[0] == metadata[1] || metadata[1] == metadata[2] {
		t.Errorf("%s after %d tries with %q", r.Content, tries, metadata)
	}
}

func TestDependenciesOverTheWire(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	startEngine(t, h, c, echo)
	a := c.apply(proto.TaskMetadata{})
	b := c.apply(map[string]any{"after": []string{a}, "follow": map[string]any{"dependencies": []string{a}, "all": false, "success": true, "failure": false}})
	c.tasks.answerTo(t, b)
	expectError(t, c.tasks.answerTo(t, c.apply(map[string]any{"after": []string{"nothing"}})), proto.InvalidDependency)
	impossible := c.apply(map[string]any{"after": map[string]any{"dependencies": []string{a}, "success": false, "failure": true}})
	expectError(t, c.tasks.answerTo(t, impossible), proto.ImpossibleDependency)
	expectError(t, c.tasks.answerTo(t, c.apply(map[string]any{"timeout": -1})), "ValueError")
}

func TestTaskThatIsSentBackComesAgainUnderItsID(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	lacks := true
	e := startEngine(t, h, c, func(e *testEngine, m *jupyter.Message) *jupyter.Message {
		r := echo(e, m)
		if lacks {
			r.Metadata = encode(proto.ReplyMetadata{DependenciesMet: true, Engine: e.uuid, Status: proto.StatusError, Resend: true})
		}
		lacks = false
		return r
	})
	for _, direct := range []bool{false, true} {
		lacks = true
		m, d, b := c.message(proto.ApplyRequestType, proto.TaskMetadata{}, struct{}{}), c.task, c.tasks
		if direct {
			m, d, b = c.toEngine(e.uuid, proto.ApplyRequestType, struct{}{}), c.mux, c.direct
		}
		id := c.send(d, m)
		var dependent string
		if !direct {
			dependent = c.apply(map[string]any{"after": []string{id}})
		}
		b.answerTo(t, id)
		m.Buffers = [][]byte{[]byte("unit")}
		c.send(d, m)
		if r := b.answerTo(t, id); len(r.Buffers) != 1 {
			t.Errorf("direct %t: %s", direct, r.Metadata)
		}
		if !direct {
			c.tasks.answerTo(t, dependent)
		}
	}
}

func TestTaskTimesOut(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	expectError(t, c.tasks.answerTo(t, c.apply(proto.TaskMetadata{Timeout: 0.05})), proto.TaskTimeout)
}

func TestAbortReachesTasksThatWaitInTheHub(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, hold)
	c.apply(proto.TaskMetadata{})
	waiting := c.apply(proto.TaskMetadata{})
	e.request(t)
	abort := c.send(c.control, c.toEngine(e.uuid, proto.AbortRequestType, proto.AbortRequest{MsgIDs: []string{waiting}}))
	if r := c.tasks.answerTo(t, waiting); string(r.Content) != `{"status":"aborted"}` {
		t.Errorf("%s", r.Content)
	}
	c.controls.answerTo(t, abort)
}

func TestControlIsRelayed(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, hold) // busy or not makes no difference
	id := c.send(c.control, c.toEngine(e.uuid, proto.ClearRequestType, struct{}{}))
	if r := c.controls.answerTo(t, id); r.Header.MsgType != proto.ClearReplyType || string(r.Idents[0]) != e.uuid {
		t.Errorf("%+v", r)
	}
}

func TestBroadcast(t *testing.T) {
	for _, coalescing := range []bool{false, true} {
		h := startHub(t, Config{})
		c := newClient(t, h)
		var targets []proto.Target
		var engines []*testEngine
		for range 3 {
			e := startEngine(t, h, c, echo)
			engines = append(engines, e)
			targets = append(targets, proto.Target{UUID: e.uuid, ID: e.id})
		}
		m := c.message(proto.ApplyRequestType, proto.BroadcastMetadata{Targets: targets, IsBroadcast: true, IsCoalescing: coalescing}, struct{}{})
		m.Buffers = [][]byte{[]byte("f")}
		id := c.send(c.bcast, m)
		for _, e := range engines {
			if got := e.request(t); got.Header.MsgID != proto.BroadcastID(id, e.uuid) {
				t.Errorf("engine %d got %s", e.id, got.Header.MsgID)
			}
		}
		var md proto.ReplyMetadata
		if !coalescing {
			for range engines {
				r := c.casts.ofType(t, proto.ApplyReplyType)
				if err := json.Unmarshal(r.Metadata, &md); err != nil || md.OriginalID != id || len(r.Idents) != 0 {
					t.Errorf("%s %v", r.Metadata, err)
				}
			}
			continue
		}
		r := c.casts.ofType(t, proto.ApplyReplyType)
		if err := json.Unmarshal(r.Metadata, &md); err != nil || md.OriginalID != id || len(md.BroadcastTargets) != 3 || len(r.Buffers) != 3 {
			t.Errorf("%s %d buffers %v", r.Metadata, len(r.Buffers), err)
		}
	}
}

func TestBroadcastToADyingEngineIsAnswered(t *testing.T) {
	for _, coalescing := range []bool{false, true} {
		h := startHub(t, Config{})
		c := newClient(t, h)
		good, bad := startEngine(t, h, c, echo), startEngine(t, h, c, hold)
		targets := []proto.Target{{UUID: good.uuid, ID: good.id}, {UUID: bad.uuid, ID: bad.id}}
		id := c.send(c.bcast, c.message(proto.ApplyRequestType, proto.BroadcastMetadata{Targets: targets, IsBroadcast: true, IsCoalescing: coalescing}, struct{}{}))
		bad.request(t)
		bad.kill()
		r := c.casts.next(t, "EngineError", func(m *jupyter.Message) bool { return bytes.Contains(m.Content, []byte(proto.EngineError)) })
		var md proto.ReplyMetadata
		if err := json.Unmarshal(r.Metadata, &md); err != nil || md.OriginalID != id || coalescing && len(md.BroadcastTargets) != 2 {
			t.Errorf("%s %v", r.Metadata, err)
		}
		if !coalescing && parentID(r) != proto.BroadcastID(id, bad.uuid) {
			t.Errorf("answers %s", parentID(r))
		}
	}
}

func TestOutputIsRelayedAndKept(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, func(e *testEngine, m *jupyter.Message) *jupyter.Message {
		e.publish(m, "stream", map[string]string{"name": "stdout", "text": "hello "})
		e.publish(m, "stream", map[string]string{"name": "stdout", "text": "world"})
		e.publish(m, "execute_result", map[string]any{"data": map[string]string{"text/plain": "2"}})
		return echo(e, m)
	})
	m := c.toEngine(e.uuid, proto.ExecuteRequestType, map[string]string{"code": "1+1"})
	c.send(c.mux, m)
	c.output.ofType(t, "stream")
	c.output.ofType(t, "stream")
	c.output.ofType(t, "execute_result")
	c.direct.answerTo(t, m.Header.MsgID)
	var r proto.ResultReply
	c.ask(proto.ResultRequestType, proto.ResultRequest{MsgIDs: proto.StringList{IDs: []string{m.Header.MsgID}}}, &r)
	if got := r.Results[m.Header.MsgID].IO; got.Stdout != "hello world" || !bytes.Contains(got.ExecuteResult, []byte("text/plain")) {
		t.Errorf("%+v", got)
	}
}

func TestEngineThatSaysFarewellIsUnregistered(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	e.publish(nil, proto.ShutdownReplyType, map[string]any{"status": "ok", "restart": false})
	c.notes.ofType(t, proto.UnregistrationNotificationType)
}

func TestUnsignedMessagesAreDropped(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	stranger := jupyter.NewSession([]byte("another key"))
	for _, d := range []*zmtp.Dealer{c.query, c.task, c.bcast} {
		m, err := stranger.New(proto.ShutdownRequestType, nil, struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		for _, frames := range [][][]byte{stranger.Encode(m), {[]byte("<IDS|MSG>")}, {nil}, {[]byte("a"), []byte("b")}} {
			if err := d.Send(frames); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.tasks.answerTo(t, c.apply(proto.TaskMetadata{}))
	select {
	case m := <-e.seen:
		if m.Header.MsgType != proto.ApplyRequestType {
			t.Errorf("a stranger's %s reached the engine", m.Header.MsgType)
		}
	default:
		t.Error("the task did not reach the engine")
	}
}

func TestShutdownRequestEndsTheHub(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	var ok proto.OK
	c.ask(proto.ConnectionRequestType, struct{}{}, &ok)
	startEngine(t, h, c, echo) // its announcement says that notifications arrive
	c.ask(proto.ShutdownRequestType, struct{}{}, &ok)
	if ok.Status != proto.StatusOK {
		t.Errorf("%+v", ok)
	}
	c.notes.ofType(t, proto.ShutdownNotificationType)
}

func TestServeAndEndManyTimes(t *testing.T) {
	dir := t.TempDir()
	for range 10 {
		t.Run("", func(t *testing.T) {
			h := startHub(t, Config{ProfileDir: dir})
			if _, err := proto.ReadClientInfo(proto.ClientFile(dir, "")); err != nil {
				t.Error(err)
			}
			_ = h
		})
	}
}
