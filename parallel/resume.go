package parallel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// A connection that broke, or a hub that was restarted, costs nothing: when the hub is back, the link asks it for the tasks that have no
// reply. Those that finished meanwhile get their results, those that the hub never got are sent again, for the others a reply comes as
// ever. The first reply to a task is the only one that counts.

const (
	// resumeAfter is how long after a connection is back the hub is asked: what waited for the connection reaches it before.
	resumeAfter = 300 * time.Millisecond
	// resumeTime bounds one round of questions.
	resumeTime = 30 * time.Second
	// resumeAtOnce is how many tasks one question is about.
	resumeAtOnce = 1000
	// fileEvery is how often a link without a hub looks whether the hub has ended for good.
	fileEvery = time.Second
)

// back is called when a connection to the hub is there again.
func (l *link) back() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure != nil {
		return
	}
	if l.resuming == nil {
		l.resuming = time.AfterFunc(resumeAfter, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.failure == nil { // close waits for it
				l.work.Go(l.resume)
			}
		})
		return
	}
	l.resuming.Reset(resumeAfter) // once for all connections, after the last
}

// resume asks the hub for what this client waits for.
func (l *link) resume() {
	ctx, cancel := context.WithTimeout(l.life, resumeTime)
	defer cancel()
	l.mu.Lock()
	parts := make([]*part, 0, len(l.pending))
	for _, p := range l.pending {
		parts = append(parts, p)
	}
	l.mu.Unlock()
	l.relay.give(parts)
	l.askAgain()
	if err := l.refresh(ctx); err != nil {
		l.log.Error(err, "engines not asked for after reconnection")
	}
	slices.SortFunc(parts, func(a, b *part) int { return a.sent.Compare(b.sent) })
	for some := range slices.Chunk(parts, resumeAtOnce) {
		if err := l.resumeParts(ctx, some); err != nil {
			l.log.Error(err, "tasks not asked for after reconnection", "tasks", len(some))
			if ctx.Err() == nil || l.life.Err() == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				l.back() // the hub is there, and did not answer
			}
			return
		}
	}
}

// askAgain sends the questions to the hub again that have no answer; those that were asked twice are answered twice, and the second
// answer is dropped.
func (l *link) askAgain() {
	l.mu.Lock()
	var again []*jupyter.Message
	for _, q := range l.asked {
		if q.channel == registration {
			m := *q.message
			m.Header.Date, m.RawHeader = proto.Time{Time: time.Now()}.String(), nil // another signature
			again = append(again, &m)
		}
	}
	l.mu.Unlock()
	for _, m := range again {
		if err := l.dealers[registration].Send(l.session.Encode(m)); err != nil {
			l.log.Error(err, "question not asked again", "type", m.Header.MsgType)
		}
	}
}

// resumeParts asks about tasks, and sends those again that the hub does not know.
func (l *link) resumeParts(ctx context.Context, parts []*part) error {
	ids := make([]string, len(parts))
	byID := make(map[string]*part, len(parts))
	for i, p := range parts {
		ids[i], byID[p.id] = p.id, p
	}
	var r proto.ResultReply
	q := proto.ResultRequest{MsgIDs: proto.StringList{IDs: ids}, StatusOnly: true, Partial: true}
	if err := l.query(ctx, registration, "", proto.ResultRequestType, q, &r); err != nil {
		return err
	}
	for _, id := range r.Completed {
		if err := l.fetch(ctx, byID[id]); err != nil {
			return err
		}
	}
	unknown := map[string]bool{}
	for _, id := range r.Unknown {
		unknown[id] = true
	}
	for _, p := range parts { // in the order in which they were sent
		if unknown[p.id] && l.claim(p) {
			l.log.V(1).Info("task sent again", "task", p.id)
			p.transmit()
		}
	}
	l.log.Info("resumed", "finished", len(r.Completed), "sent again", len(r.Unknown), "under way", len(r.Pending))
	return nil
}

// claim takes p out of what waits, and reports whether it was there: whoever claims it finishes it, or sends it again.
func (l *link) claim(p *part) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending[p.id] != p {
		return false
	}
	delete(l.pending, p.id)
	return true
}

// fetch gets the result of a finished task from the hub.
func (l *link) fetch(ctx context.Context, p *part) error {
	answer, err := l.ask(registration, "", proto.ResultRequestType, proto.ResultRequest{MsgIDs: proto.StringList{IDs: []string{p.id}}, Partial: true}, nil)
	if err != nil {
		return err
	}
	var m *jupyter.Message
	select {
	case a := <-answer:
		if a.err != nil {
			return a.err
		}
		m = a.message
	case <-ctx.Done():
		return ctx.Err()
	}
	var r proto.ResultReply
	if err := m.Bind(&r); err != nil {
		return err
	}
	t, ok := r.Results[p.id]
	if !ok {
		return nil // dropped in this moment; the next round finds it unknown
	}
	reply := &jupyter.Message{RawHeader: t.ResultHeader, Metadata: t.ResultMetadata, Content: t.ResultContent, Buffers: m.Buffers}
	if err := json.Unmarshal(t.ResultHeader, &reply.Header); err != nil {
		return fmt.Errorf("result of task %s: %w", p.id, err)
	}
	if l.claim(p) {
		l.relay.showed(p.id, &t.IO)
		p.reply(reply)
	}
	return nil
}

// showed takes what a task showed, as the hub kept it, in place of what came on iopub.
func (y *relay) showed(id string, io *proto.TaskIO) {
	y.mu.Lock()
	o := y.follows[id]
	y.mu.Unlock()
	if o == nil {
		return
	}
	o.mu.Lock()
	if o.keep {
		if o.text == nil {
			o.text = map[string][]byte{}
		}
		for stream, text := range map[string]string{"stdout": io.Stdout, "stderr": io.Stderr} {
			if len(text) > len(o.text[stream]) {
				o.text[stream] = []byte(text)
			}
		}
	}
	var c jupyter.ExecuteResult
	if o.value == nil && json.Unmarshal(io.ExecuteResult, &c) == nil {
		o.value = bundle(c.Data)
	}
	o.mu.Unlock()
	y.drop(id)
}

// give ends the waiting for what finished tasks still might show: that they had shown all was told while nobody listened.
func (y *relay) give(pending []*part) {
	waits := make(map[string]bool, len(pending))
	for _, p := range pending {
		waits[p.id] = true
	}
	y.mu.Lock()
	var over []string
	for id := range y.follows {
		if !waits[id] {
			over = append(over, id)
		}
	}
	y.mu.Unlock()
	for _, id := range over {
		y.drop(id)
	}
}

// missed is called while the hub is unreachable: for how long it has been, and whether it will come back, decides what becomes of
// what waits for it.
func (l *link) missed() {
	may := l.mayReturn()
	l.mu.Lock()
	if l.down != nil && l.failure == nil && time.Since(l.since) < l.patience && may {
		l.down.Reset(min(fileEvery, l.patience))
		l.mu.Unlock()
		return
	}
	down := l.down != nil
	l.mu.Unlock()
	if down {
		l.fail(l.gone())
	}
}

// mayReturn reports whether the hub may be restarted: one that ends in order takes its file along, and another hub has another key.
func (l *link) mayReturn() bool {
	if l.file == "" {
		return true
	}
	info, err := proto.ReadClientInfo(l.file)
	return err == nil && info.Key == l.info.Key && info.Registration == l.info.Registration
}
