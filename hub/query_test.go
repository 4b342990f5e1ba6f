package hub

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/store"
)

// ran runs n labelled load-balanced tasks and returns their ids.
func ran(c *testClient, n int) []string {
	c.t.Helper()
	var ids []string
	for i := range n {
		label := fmt.Sprintf("task_%d", i)
		id := c.apply(proto.TaskMetadata{Label: &label}, []byte(label))
		c.tasks.answerTo(c.t, id)
		ids = append(ids, id)
	}
	return ids
}

func TestQueueStatus(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, hold)
	direct := c.send(c.mux, c.toEngine(e.uuid, proto.ApplyRequestType, struct{}{}))
	e.request(t)
	task, waiting := c.apply(proto.TaskMetadata{}), c.apply(proto.TaskMetadata{})
	e.requestFor(t, task)
	var q proto.QueueReply
	for q.Unassigned.N != 1 {
		c.ask(proto.QueueRequestType, proto.QueueRequest{}, &q)
	}
	if l := q.Engines[e.id]; l.Queue.N != 1 || l.Tasks.N != 1 || l.Completed.N != 0 {
		t.Errorf("%+v", q)
	}
	c.ask(proto.QueueRequestType, map[string]any{"targets": []int{e.id}, "verbose": true}, &q)
	l := q.Engines[e.id]
	if !slices.Equal(l.Queue.IDs, []string{direct}) || !slices.Equal(l.Tasks.IDs, []string{task}) || !slices.Equal(q.Unassigned.IDs, []string{waiting}) {
		t.Errorf("%+v", q)
	}
	c.ask(proto.QueueRequestType, proto.QueueRequest{Running: true}, &q)
	if r := q.Engines[e.id].Running; r == nil || r.MsgID != direct || r.MsgType != proto.ApplyRequestType || r.Submitted.IsZero() || string(r.Content) != "{}" {
		t.Errorf("running: %+v, want the older of both tasks", r)
	}
	var bad proto.RemoteError
	if m := c.ask(proto.QueueRequestType, map[string]any{"targets": []int{99}}, &bad); m.Header.MsgType != proto.HubErrorType || bad.Ename != "IndexError" {
		t.Errorf("%s %+v", m.Header.MsgType, bad)
	}
}

func TestUnknownQueriesAreRefused(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	var bad proto.RemoteError
	if m := c.ask("frobnicate_request", struct{}{}, &bad); m.Header.MsgType != proto.HubErrorType || bad.Ename != "KeyError" {
		t.Errorf("%s %+v", m.Header.MsgType, bad)
	}
	if m := c.ask(proto.QueueRequestType, map[string]any{"targets": "everything"}, &bad); m.Header.MsgType != proto.HubErrorType {
		t.Errorf("%s %+v", m.Header.MsgType, bad)
	}
}

func TestResultsAndHistory(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	ids := ran(c, 3)
	var history proto.HistoryReply
	c.ask(proto.HistoryRequestType, struct{}{}, &history)
	if !slices.Equal(history.History, ids) {
		t.Errorf("%v, want %v", history.History, ids)
	}
	var r proto.ResultReply
	m := c.ask(proto.ResultRequestType, proto.ResultRequest{MsgIDs: proto.StringList{IDs: ids}}, &r)
	if len(r.Completed) != 3 || len(r.Pending) != 0 || len(m.Buffers) != 3 {
		t.Fatalf("%+v", r)
	}
	sorted := slices.Sorted(slices.Values(ids))
	for i, id := range sorted {
		if want := fmt.Sprintf("task_%d", slices.Index(ids, id)); string(m.Buffers[i]) != want {
			t.Errorf("buffer %d is %s, want %s", i, m.Buffers[i], want)
		}
	}
	e.serve = hold
	pending := c.apply(proto.TaskMetadata{})
	e.requestFor(t, pending)
	c.ask(proto.ResultRequestType, map[string]any{"msg_ids": []string{pending, ids[0]}, "status_only": true}, &r)
	if !slices.Equal(r.Pending, []string{pending}) || !slices.Equal(r.Completed, ids[:1]) {
		t.Errorf("%+v", r)
	}
	var bad proto.RemoteError
	if c.ask(proto.ResultRequestType, map[string]any{"msg_ids": "unknown"}, &bad); bad.Ename != "KeyError" {
		t.Errorf("%+v", bad)
	}
}

func TestPurge(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	ids := ran(c, 4)
	var reply proto.RemoteError
	var history proto.HistoryReply
	for _, step := range []struct {
		q    map[string]any
		left []string
	}{
		{map[string]any{"msg_ids": ids[:1]}, ids[1:]},
		{map[string]any{"msg_ids": []string{}, "engine_ids": []int{7}}, ids[1:]}, // refused
		{map[string]any{"msg_ids": []string{}, "engine_ids": []int{e.id}}, []string{}},
	} {
		c.ask(proto.PurgeRequestType, step.q, &reply)
		c.ask(proto.HistoryRequestType, struct{}{}, &history)
		if !slices.Equal(history.History, step.left) {
			t.Errorf("%v leaves %v, want %v", step.q, history.History, step.left)
		}
	}
	ran(c, 2)
	e.serve = hold
	pending := c.apply(proto.TaskMetadata{})
	e.requestFor(t, pending)
	if c.ask(proto.PurgeRequestType, map[string]any{"msg_ids": []string{pending}}, &reply); reply.Ename != "IndexError" {
		t.Errorf("%+v", reply)
	}
	c.ask(proto.PurgeRequestType, map[string]any{"msg_ids": "all"}, &reply)
	if c.ask(proto.HistoryRequestType, struct{}{}, &history); !slices.Equal(history.History, []string{pending}) {
		t.Errorf("%v", history.History)
	}
}

func TestResubmit(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	old := ran(c, 1)[0]
	var r proto.ResubmitReply
	c.ask(proto.ResubmitRequestType, map[string]any{"msg_ids": []string{old}}, &r)
	again := e.requestFor(t, r.Resubmitted[old])
	if id := r.Resubmitted[old]; id == "" || again.Header.MsgID != id || string(again.Buffers[0]) != "task_0" {
		t.Errorf("%+v %s", r, again.RawHeader)
	}
	var results proto.ResultReply
	for len(results.Completed) == 0 {
		c.ask(proto.ResultRequestType, map[string]any{"msg_ids": []string{r.Resubmitted[old]}}, &results)
	}
	var bad proto.RemoteError
	if c.ask(proto.ResubmitRequestType, map[string]any{"msg_ids": []string{"unknown"}}, &bad); bad.Ename != "KeyError" {
		t.Errorf("%+v", bad)
	}
}

func TestDatabaseQueries(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	ids := ran(c, 4)
	var all proto.DBReply
	c.ask(proto.DBRequestType, map[string]any{"query": map[string]any{}, "keys": []string{"submitted"}}, &all)
	if len(all.Records) != 4 {
		t.Fatalf("%+v", all)
	}
	second := json.RawMessage(all.Records[1]["submitted"])
	for name, step := range map[string]struct {
		query map[string]any
		want  []string
	}{
		"equality":   {map[string]any{"msg_id": ids[2]}, ids[2:3]},
		"two keys":   {map[string]any{"msg_id": ids[2], "engine_uuid": e.uuid}, ids[2:3]},
		"two keys 2": {map[string]any{"msg_id": ids[2], "engine_uuid": "other"}, nil},
		"in":         {map[string]any{"msg_id": map[string]any{"$in": ids[1:3]}}, ids[1:3]},
		"nin":        {map[string]any{"msg_id": map[string]any{"$nin": ids[1:3]}}, []string{ids[0], ids[3]}},
		"ne null":    {map[string]any{"completed": map[string]any{"$ne": nil}}, ids},
		"eq null":    {map[string]any{"completed": nil}, nil},
		"exists":     {map[string]any{"error": map[string]any{"$exists": true}}, nil},
		"not exists": {map[string]any{"error": map[string]any{"$exists": false}}, ids},
		"after":      {map[string]any{"submitted": map[string]any{"$gt": second}}, ids[2:]},
		"before":     {map[string]any{"submitted": map[string]any{"$lte": second}}, ids[:2]},
		"between":    {map[string]any{"submitted": map[string]any{"$gte": second, "$lt": all.Records[3]["submitted"]}}, ids[1:3]},
		"glob":       {map[string]any{"label": map[string]any{"$glob": "task_[12]"}}, ids[1:3]},
		"queue":      {map[string]any{"queue": "task"}, ids},
	} {
		var got proto.DBReply
		c.ask(proto.DBRequestType, map[string]any{"query": step.query, "keys": []string{"queue"}}, &got)
		var found []string
		for _, r := range got.Records {
			var id string
			if err := json.Unmarshal(r["msg_id"], &id); err != nil {
				t.Fatal(err)
			}
			found = append(found, id)
		}
		if !slices.Equal(found, step.want) {
			t.Errorf("%s: %v, want %v", name, found, step.want)
		}
	}
	var with proto.DBReply
	m := c.ask(proto.DBRequestType, map[string]any{"query": map[string]any{"msg_id": ids[0]}, "keys": []string{"buffers", "result_buffers"}}, &with)
	if len(m.Buffers) != 2 || !slices.Equal(with.BufferLens, []int{1}) || !slices.Equal(with.ResultBufferLens, []int{1}) {
		t.Errorf("%+v with %d buffers", with, len(m.Buffers))
	}
	var full proto.DBReply
	if c.ask(proto.DBRequestType, map[string]any{"query": map[string]any{"msg_id": ids[0]}}, &full); len(full.Records[0]) != len(store.Columns) || full.BufferLens != nil {
		t.Errorf("%+v", full)
	}
	var bad proto.RemoteError
	for _, q := range []map[string]any{{"nonsense": 1}, {"msg_id": map[string]any{"$like": 1}}} {
		if c.ask(proto.DBRequestType, map[string]any{"query": q}, &bad); bad.Ename != "KeyError" {
			t.Errorf("%v: %+v", q, bad)
		}
	}
}
