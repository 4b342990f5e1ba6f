package hub

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// goTask is the beginning of what a Go client asks of an engine.
var goTask = json.RawMessage(`{"codec":"gopar/1","op":"fetch"}`)

// abortRequest is what the hub asks of an engine about a task.
type abortRequest struct {
	MsgIDs []string `json:"msg_ids"`
	Cancel bool     `json:"cancel"`
}

// ofType returns the next request of a type that reached the engine.
func (e *testEngine) ofType(t testing.TB, msgType string) *jupyter.Message {
	t.Helper()
	for {
		if m := e.request(t); m.Header.MsgType == msgType {
			return m
		}
	}
}

func TestATaskThatRunsTooLongIsCancelledOnItsEngine(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, hold)
	id := c.apply(proto.TaskMetadata{Limit: 0.05})
	e.requestFor(t, id)
	expectError(t, c.tasks.answerTo(t, id), proto.TaskTimeout)
	var a abortRequest
	if m := e.ofType(t, proto.AbortRequestType); m.Bind(&a) != nil || !a.Cancel || !slices.Equal(a.MsgIDs, []string{id}) {
		t.Errorf("%s", m.Content)
	}
	var story proto.StoryReply
	c.ask(proto.StoryRequestType, proto.StoryRequest{MsgID: id}, &story)
	var steps []string
	for _, s := range story.Steps {
		steps = append(steps, s.What)
	}
	if want := []string{"submitted", "sent", "cancelled", "failed"}; !slices.Equal(steps, want) || story.State != "finished" {
		t.Errorf("story %v, want %v; %+v", steps, want, story)
	}
}

func TestAPythonEngineIsInterruptedWhenATaskRunsTooLong(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngineOf(t, h, c, "", hold)
	id := c.apply(proto.TaskMetadata{Limit: 0.05})
	expectError(t, c.tasks.answerTo(t, id), proto.TaskTimeout)
	if m := e.ofType(t, proto.SignalRequestType); !strings.Contains(string(m.Content), "SIGINT") {
		t.Errorf("%s", m.Content)
	}
}

func TestTasksGoOnlyToEnginesOfTheirLanguage(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	python := startEngineOf(t, h, c, "", hold)
	pickled := [][]byte{{0x80, 4, '.'}}
	refused := c.message(proto.ApplyRequestType, proto.TaskMetadata{}, goTask)
	c.send(c.task, refused)
	reply := c.tasks.answerTo(t, refused.Header.MsgID)
	expectError(t, reply, proto.NoEnginesRegistered)
	if !strings.Contains(string(reply.Content), "they run python") {
		t.Errorf("%s", reply.Content)
	}
	golang := startEngine(t, h, c, echo)
	for range 5 {
		m := c.message(proto.ApplyRequestType, proto.TaskMetadata{}, goTask)
		c.send(c.task, m)
		golang.requestFor(t, m.Header.MsgID)
		c.tasks.answerTo(t, m.Header.MsgID)
	}
	first := c.apply(proto.TaskMetadata{}, pickled...)
	python.requestFor(t, first)
	second := c.apply(proto.TaskMetadata{Priority: 3}, pickled...) // the Go engine has room, and cannot
	var q proto.QueueReply
	for end := time.Now().Add(deadline); len(q.Waiting) == 0 && time.Now().Before(end); { // another socket than the task's
		c.ask(proto.QueueRequestType, proto.QueueRequest{Verbose: true}, &q)
	}
	if q.Engines[python.id].Language != proto.Python || q.Engines[golang.id].Language != proto.Go {
		t.Errorf("languages %+v", q.Engines)
	}
	if want := "all engines that can run it (1) are busy"; q.Waiting[second] != want || len(q.Waiting) != 1 {
		t.Errorf("waiting %v, want %s: %s", q.Waiting, second, want)
	}
	var story proto.StoryReply
	c.ask(proto.StoryRequestType, proto.StoryRequest{MsgID: second}, &story)
	if story.State != "waiting" || story.Waiting == "" {
		t.Errorf("story %+v", story)
	}
	var status proto.StatusReply
	c.ask(proto.StatusRequestType, struct{}{}, &status)
	if status.Engines["go"] != 1 || status.Engines["python"] != 1 || status.Tasks.Ready != 1 || status.Tasks.Running != 1 || status.Tasks.Finished != 6 || len(status.Reasons) != 1 {
		t.Errorf("status %+v", status)
	}
	m := c.toEngine(python.uuid, proto.ApplyRequestType, goTask)
	expectError(t, c.direct.answerTo(t, c.send(c.mux, m)), proto.UnsupportedCodec)
}

// TestWhatWaitsBehindALongTaskRunsElsewhere has an engine give back what it has not begun, as engines do on an abort.
func TestWhatWaitsBehindALongTaskRunsElsewhere(t *testing.T) {
	h := startHub(t, Config{HWM: 3})
	c := newClient(t, h)
	slow := startEngine(t, h, c, hold)
	var ids []string
	for range 3 {
		ids = append(ids, c.apply(proto.TaskMetadata{}))
	}
	waiting := map[string]*jupyter.Message{}
	for _, id := range ids {
		waiting[id] = slow.requestFor(t, id)
	}
	startEngine(t, h, c, echo)
	for len(waiting) > 1 {
		var a abortRequest
		m := slow.ofType(t, proto.AbortRequestType)
		if err := m.Bind(&a); err != nil || a.Cancel || len(a.MsgIDs) != 1 {
			t.Fatalf("%s", m.Content)
		}
		r := waiting[a.MsgIDs[0]]
		if r == nil || a.MsgIDs[0] == ids[0] {
			t.Fatalf("%s was asked back", a.MsgIDs[0])
		}
		delete(waiting, a.MsgIDs[0])
		aborted := slow.reply(r, proto.StatusAborted, proto.OK{Status: proto.StatusAborted})
		aborted.Idents = r.Idents
		if err := slow.shell.Send("task_out", slow.session.Encode(aborted)); err != nil {
			t.Fatal(err)
		}
		var md proto.ReplyMetadata
		if m := c.tasks.answerTo(t, a.MsgIDs[0]); json.Unmarshal(m.Metadata, &md) != nil || md.Status != proto.StatusOK || md.Engine == slow.uuid {
			t.Errorf("%s", m.Metadata)
		}
	}
}

func TestUnknownTasksHaveNoStory(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	var e proto.RemoteError
	if m := c.ask(proto.StoryRequestType, proto.StoryRequest{MsgID: "nothing"}, &e); m.Header.MsgType != proto.HubErrorType || e.Ename != "KeyError" {
		t.Errorf("%s", m.Content)
	}
	en := startEngine(t, h, c, echo)
	id := c.send(c.mux, c.toEngine(en.uuid, proto.ApplyRequestType, struct{}{}))
	c.direct.answerTo(t, id)
	var story proto.StoryReply
	c.ask(proto.StoryRequestType, proto.StoryRequest{MsgID: id}, &story)
	if len(story.Steps) != 3 || story.Steps[1].What != "sent" || story.Steps[1].Engine == nil || *story.Steps[1].Engine != en.id || time.Since(story.Steps[2].At.Time) > deadline {
		t.Errorf("story %+v", story)
	}
}
