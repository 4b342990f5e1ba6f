package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/store"
)

// kept waits until n finished tasks are in the store.
func kept(t *testing.T, h *Hub, n int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(deadline); ; <-tick.C {
		found := 0
		if err := h.store.Find(t.Context(), nil, nil, func(*store.Record) error { found++; return nil }); err != nil {
			t.Fatal(err)
		}
		if found == n {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%d tasks in the store, want %d", found, n)
		}
	}
}

// TestQueriesOverTheStore asks the same of tasks that are in the store, on the way there, and pending.
func TestQueriesOverTheStore(t *testing.T) {
	for name, address := range map[string]string{"memory": "memory", "sqlite": "sqlite:" + filepath.Join(t.TempDir(), "tasks.db")} {
		t.Run(name, func(t *testing.T) {
			h := startHub(t, Config{Store: address})
			c := newClient(t, h)
			e := startEngine(t, h, c, echo)
			ids := ran(c, 3)
			kept(t, h, 3)
			ids = append(ids, ran(c, 1)...)
			e.serve = hold
			ids = append(ids, c.apply(proto.TaskMetadata{}))
			e.requestFor(t, ids[4])
			var history proto.HistoryReply
			if c.ask(proto.HistoryRequestType, struct{}{}, &history); !slices.Equal(history.History, ids) {
				t.Errorf("history %v, want %v", history.History, ids)
			}
			for query, want := range map[string][]string{
				`{"completed": null}`:                                       ids[4:],
				`{"queue": "task"}`:                                         ids,
				`{"engine_uuid": "` + e.uuid + `"}`:                         ids,
				`{"label": {"$glob": "task_[12]"}}`:                         ids[1:3],
				`{"msg_id": {"$in": ["` + ids[3] + `", "` + ids[0] + `"]}}`: {ids[0], ids[3]},
			} {
				var got proto.DBReply
				c.ask(proto.DBRequestType, map[string]any{"query": json.RawMessage(query), "keys": []string{"queue"}}, &got)
				var found []string
				for _, r := range got.Records {
					var id string
					if err := json.Unmarshal(r["msg_id"], &id); err != nil {
						t.Fatal(err)
					}
					found = append(found, id)
				}
				if !slices.Equal(found, want) {
					t.Errorf("%s: %v, want %v", query, found, want)
				}
			}
			var r proto.ResultReply
			m := c.ask(proto.ResultRequestType, map[string]any{"msg_ids": append(ids, "other"), "partial": true}, &r)
			if len(r.Completed) != 4 || !slices.Equal(r.Pending, ids[4:]) || !slices.Equal(r.Unknown, []string{"other"}) || len(m.Buffers) != 4 {
				t.Errorf("%+v", r)
			}
			var again proto.ResubmitReply
			c.ask(proto.ResubmitRequestType, map[string]any{"msg_ids": ids[:1]}, &again)
			if again.Resubmitted[ids[0]] == "" {
				t.Errorf("%+v", again)
			}
			var ok proto.OK
			c.ask(proto.PurgeRequestType, map[string]any{"msg_ids": ids[:4]}, &ok)
			if c.ask(proto.HistoryRequestType, struct{}{}, &history); ok.Status != proto.StatusOK || !slices.Equal(history.History, []string{ids[4], again.Resubmitted[ids[0]]}) {
				t.Errorf("%v left", history.History)
			}
		})
	}
}

// TestLateOutputIsKept shows that what a task showed is kept also when it comes after the task went into the store.
func TestLateOutputIsKept(t *testing.T) {
	h := startHub(t, Config{})
	c := newClient(t, h)
	e := startEngine(t, h, c, echo)
	id := ran(c, 1)[0]
	request := e.requestFor(t, id)
	e.publish(request, "stream", map[string]string{"name": "stdout", "text": "early "})
	c.output.answerTo(t, id)
	kept(t, h, 1)
	e.publish(request, "stream", map[string]string{"name": "stdout", "text": "late"})
	c.output.answerTo(t, id)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(deadline); ; <-tick.C {
		found, _, err := h.lookUp([]string{id})
		if err != nil {
			t.Fatal(err)
		}
		if found[id].Stdout == "early late" {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("stdout %q", found[id].Stdout)
		}
	}
}

// broken is a store that takes nothing while it is told so.
type broken struct {
	store.Store
	off atomic.Bool
}

func (b *broken) Put(ctx context.Context, r []*store.Record) error {
	if b.off.Load() {
		return errors.New("the disk is full")
	}
	return b.Store.Put(ctx, r)
}

// TestABrokenStoreLosesNothing shows that finished tasks wait for a store that takes nothing, within bounds.
func TestABrokenStoreLosesNothing(t *testing.T) {
	h, err := New(Config{ProfileDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b := &broken{Store: store.NewMemory(store.Budget{}, h.log)}
	defer b.Close()
	h.store = b
	b.off.Store(true)
	finish := func(id string, n int) {
		m := &jupyter.Message{Header: jupyter.Header{MsgID: id}, Buffers: [][]byte{make([]byte, n)}}
		r := newRecord(m, "c", viaTask, "")
		h.under(func() {
			h.records.add(r)
			h.finish(r, m)
		})
	}
	for i := range 10 {
		finish(fmt.Sprint(i), 10)
	}
	h.keepSome(t.Context(), time.Now().Add(time.Hour))
	if n := len(h.records.byID); n != 10 {
		t.Errorf("%d wait, want 10", n)
	}
	for i := range 6 {
		finish(fmt.Sprint("large", i), maxBacklog/5)
	}
	h.keepSome(t.Context(), time.Now().Add(time.Hour))
	if n := h.records.bytes; n > maxBacklog {
		t.Errorf("%d bytes wait", n)
	}
	left := len(h.records.byID)
	b.off.Store(false)
	h.keepSome(t.Context(), time.Now().Add(time.Hour))
	if n := len(h.records.byID); n != 0 || left == 0 {
		t.Errorf("%d wait, of %d", n, left)
	}
}
