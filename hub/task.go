package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
)

// maxWait bounds a task's timeout: a year.
const maxWait = 365 * 24 * 3600

// maxNear bounds what a task names as near, in bytes.
const maxNear = 256

// task enters a load-balanced request.
func (h *Hub) task(from string, m *jupyter.Message, frames [][]byte) error {
	frames = frames[len(m.Idents):]
	h.room()
	var err error
	h.under(func() { err = h.submit(from, m, frames) })
	return err
}

// submit enters a task that starts at frames' delimiter. A request that cannot
// be understood is answered. Call it under mu.
func (h *Hub) submit(client string, m *jupyter.Message, frames [][]byte) error {
	md, err := taskMetadata(m)
	if err != nil {
		h.fail(h.sockets.taskClients, client, m, "", remote(err))
		return nil
	}
	r := newRecord(m, client, viaTask, "")
	r.frames = frames
	if !h.records.add(r) {
		return fmt.Errorf("a task %s exists", m.Header.MsgID)
	}
	h.noteTask(r)
	h.enter(r, &md, nil)
	return nil
}

// taskMetadata decodes and checks what a request asks of the scheduler.
func taskMetadata(m *jupyter.Message) (proto.TaskMetadata, error) {
	var md proto.TaskMetadata
	if plain(m.Metadata) {
		return md, nil
	}
	if err := json.Unmarshal(m.Metadata, &md); err != nil {
		return md, proto.NewRemoteError("ValueError", "metadata of %s: %s", m.Header.MsgType, err)
	}
	for _, d := range []proto.Dependency{md.After, md.Follow} {
		if len(d.IDs) > 0 && !d.Success && !d.Failure {
			return md, proto.NewRemoteError("ValueError", "a dependency must be met by success or by failure")
		}
	}
	if md.Timeout < 0 || md.Timeout > maxWait || md.Timeout != md.Timeout {
		return md, proto.NewRemoteError("ValueError", "timeout of %g s", md.Timeout)
	}
	if md.Limit < 0 || md.Limit > maxWait || md.Limit != md.Limit {
		return md, proto.NewRemoteError("ValueError", "limit of %g s", md.Limit)
	}
	if len(md.Near) > maxNear {
		return md, proto.NewRemoteError("ValueError", "near is %d bytes long, at most %d are allowed", len(md.Near), maxNear)
	}
	return md, nil
}

// plain reports whether a request asks nothing of the scheduler, as most do.
func plain(metadata []byte) bool {
	asks := false
	whole := members(metadata, func(key, value []byte) {
		switch string(key) {
		case "label":
		case "after", "follow", "targets":
			asks = asks || string(value) != "[]" && string(value) != "null"
		default:
			asks = asks || string(value) != "0" && string(value) != "0.0" && string(value) != "null" && string(value) != "false"
		}
	})
	return whole && !asks
}

func dependency(d proto.Dependency) sched.Dependency {
	if len(d.IDs) == 0 {
		return sched.Dependency{}
	}
	s := sched.Dependency{All: d.All, Success: d.Success, Failure: d.Failure, IDs: make([]sched.TaskID, len(d.IDs))}
	for i, id := range d.IDs {
		s.IDs[i] = sched.TaskID(id)
	}
	return s
}

// outcome is what the scheduler needs to know of a reply, from its metadata;
// false when there is no status.
func outcome(m *jupyter.Message) (o sched.Outcome, ok bool) {
	o = sched.Failure
	unmet, resend := false, false
	whole := members(m.Metadata, func(key, value []byte) {
		switch string(key) {
		case "status":
			ok = true
			switch text(value) {
			case proto.StatusOK:
				o = sched.Success
			case proto.StatusAborted:
				o = sched.WasAborted
			}
		case "dependencies_met":
			unmet = string(value) == "false"
		case "resend":
			resend = string(value) == "true"
		}
	})
	switch {
	case resend:
		return sched.SentBack, whole
	case unmet:
		return sched.Unmet, whole
	}
	return o, ok && whole
}

// taskReply hands an engine's reply to the scheduler, and to the client when
// it is final.
func (h *Hub) taskReply(from string, m *jupyter.Message, frames [][]byte) error {
	if len(m.Idents) != 1 {
		return fmt.Errorf("%d routing frames, want the client's", len(m.Idents))
	}
	result, ok := outcome(m)
	if !ok {
		return fmt.Errorf("%s without status in its metadata", m.Header.MsgType)
	}
	id := parentID(m)
	var err error
	h.under(func() {
		r := h.records.byID[id]
		if e := h.registry.byUUID[from]; e != nil && e.restored && r != nil && r.Engine == from && len(e.early) < 2*len(e.held) {
			e.early = append(e.early, func() {
				if err := h.taskReply(from, m, frames); err != nil {
					h.log.Info("request refused", "channel", taskEngines, "type", m.Header.MsgType, "msg", m.Header.MsgID, "reason", err.Error())
				}
			})
			return
		}
		frames := routed(m, frames, []byte(from))
		actions := h.sched.Finish(h.now(), sched.EngineID(from), sched.TaskID(id), result)
		if r == nil || actions == nil && r.Engine != from {
			err = fmt.Errorf("stale reply to %s", id)
			h.obey(actions) // the engine has room again: the task was over for all others
			return
		}
		if len(actions) > 0 && actions[0].Do == sched.Deliver {
			h.finishOn(h.registry.byUUID[from], r, m, result)
			if r.client != "" {
				h.toClient(h.sockets.taskClients, r.client, frames)
			}
		}
		h.obey(actions)
	})
	return err
}

// obey carries out what the scheduler decided. Call it under mu.
func (h *Hub) obey(actions []sched.Action) {
	for _, a := range actions {
		switch a.Do { // these two may be about one that has ended
		case sched.Recall:
			h.askBack(string(a.Engine), string(a.Task), false)
			continue
		case sched.Cancel:
			h.askBack(string(a.Engine), string(a.Task), true)
			continue
		}
		r := h.records.byID[string(a.Task)]
		if r == nil {
			continue // a purged one
		}
		switch a.Do {
		case sched.Send:
			r.Engine = string(a.Engine)
			h.note(jSent, []byte(r.ID), []byte(r.Engine))
			h.toEngine(h.sockets.taskEngines, r.Engine, h.attempt(r, a.Attempt))
		case sched.Fail:
			h.failTask(r, a)
		}
	}
	if h.cfg.Validate {
		if err := h.sched.Validate(); err != nil {
			h.out.logs = append(h.out.logs, func() { h.log.Error(err, "scheduler broken") })
		}
	}
	at, ok := h.sched.NextTick()
	h.out.rewind = h.out.rewind || ok && at != h.nextTick
	h.nextTick = at
}

// attempt returns the frames of a task for its engine. Python engines refuse a
// message they have seen, so each further attempt is signed anew, over metadata
// that differs by a space.
func (h *Hub) attempt(r *record, n int) [][]byte {
	client := []byte(r.client)
	if len(client) == 0 {
		client = []byte(self) // a routing frame must not be empty
	}
	if n > 1 {
		m := *r.request
		m.Idents = [][]byte{client}
		m.Metadata = append(append(json.RawMessage(nil), m.Metadata...), bytes.Repeat([]byte(" "), n-1)...)
		return h.session.Encode(&m)
	}
	return append(append(make([][]byte, 0, 1+len(r.frames)), client), r.frames...)
}

// failTask ends a task that no engine answered. Call it under mu.
func (h *Hub) failTask(r *record, a sched.Action) {
	md := proto.ReplyMetadata{Status: proto.StatusError, DependenciesMet: true}
	var content any
	switch a.Reason {
	case sched.Aborted:
		md.Status = proto.StatusAborted
		content = proto.OK{Status: proto.StatusAborted}
	case sched.Killed:
		md.Engine = string(a.Engine)
		content = proto.NewRemoteError(proto.EngineError, "Engine %s died while running task '%s'", a.Engine, r.ID)
	case sched.TimedOut:
		content = proto.NewRemoteError(proto.TaskTimeout, "task '%s' waited longer than its timeout", r.ID)
	case sched.Overran:
		content = proto.NewRemoteError(proto.TaskTimeout, "task '%s' ran longer than its limit; it was cancelled", r.ID)
	case sched.NoEngine:
		content = proto.NewRemoteError(proto.NoEnginesRegistered, "task '%s' is %s: no engine runs that, they run %s; start one that does",
			r.ID, proto.TaskLanguage(r.Content, r.Buffers), h.sched.Speaks())
	case sched.Invalid:
		content = proto.NewRemoteError(proto.InvalidDependency, "task '%s' depends on itself or on a task that is not known", r.ID)
	default:
		content = proto.NewRemoteError(proto.ImpossibleDependency, "task '%s': its dependencies can never be met, or no engine it may run on is left", r.ID)
	}
	if m := h.reply(h.sockets.taskClients, r.client, r.request, content, md); m != nil {
		h.finish(r, m)
	}
}

// keepTime does what has to be done at a certain time, until ctx ends: it tells
// the scheduler when a task's timeout has passed, and sends what was put off.
func (h *Hub) keepTime(ctx context.Context) {
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.alarm:
		case <-t.C:
		}
		wait := time.Hour
		h.under(func() {
			now := h.now()
			h.obey(h.sched.Tick(now))
			if at, ok := h.sched.NextTick(); ok {
				wait = max(at-now, 0)
			}
			for len(h.later) > 0 && h.later[0].at <= now {
				h.later[0].do()
				h.later = h.later[1:]
			}
			if len(h.later) > 0 {
				wait = min(wait, h.later[0].at-now)
			}
		})
		t.Reset(wait)
	}
}

// putOff is how long an engine's death is announced after its tasks have been
// answered. ipyparallel's client answers them itself at the announcement, and
// complains about a reply that comes after it on another socket.
const putOff = 50 * time.Millisecond

// deferred is something to do at a certain time. All are put off by the same
// time, so a list of them is in order.
type deferred struct {
	at time.Duration
	do func() // called under mu
}

// after does something putOff from now. Call it under mu.
func (h *Hub) after(do func()) {
	h.later = append(h.later, deferred{h.now() + putOff, do})
	h.out.rewind = true
}
