package parallel

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// BroadcastView runs a task on all its engines by one message to the hub, which hands it on: arguments leave the client once,
// however many engines there are. Client.Apply sends them once per engine.
type BroadcastView struct {
	engines  Client
	coalesce bool
	label    *string
}

// BroadcastOption changes how a BroadcastView runs tasks.
type BroadcastOption func(*BroadcastView)

// Coalesce makes the hub wait for all engines and answer by one message. Nothing is known before the slowest engine is done;
// errors are each engine's own all the same. Default: each engine's result comes as it is there.
func Coalesce() BroadcastOption { return func(v *BroadcastView) { v.coalesce = true } }

// BroadcastLabel names tasks in what the hub tells of them. Default: none.
func BroadcastLabel(name string) BroadcastOption { return func(v *BroadcastView) { v.label = &name } }

// BroadcastView returns a view that runs tasks on all of c's engines at once.
func (c Client) BroadcastView(opts ...BroadcastOption) *BroadcastView {
	v := &BroadcastView{engines: c}
	for _, o := range opts {
		o(v)
	}
	return v
}

// Apply calls f with args on each engine and returns at once; see Client.Apply. The result has a value for each engine.
func (v *BroadcastView) Apply(f any, args ...any) *AsyncResult {
	fn, err := functionOf(f)
	if err != nil {
		return failedResult(misuse(err))
	}
	call, err := fn.Pack(args)
	if err != nil {
		return failedResult(misuse(err))
	}
	return v.start(applied, func(r *AsyncResult) { r.f = fn }, func() *part { return &part{call: call} })
}

// Execute runs code on each engine and returns at once; see Client.Execute. Its results come as they are there.
func (v *BroadcastView) Execute(code string) *AsyncResult {
	w := *v
	w.coalesce = false // outputs come by themselves
	return w.start(executed, func(*AsyncResult) {}, func() *part { return &part{code: code} })
}

// start makes the result, with a part for each engine, and sends all of them as one message.
func (v *BroadcastView) start(k kind, prepare func(*AsyncResult), newPart func() *part) *AsyncResult {
	l, err := v.engines.connection()
	if err == nil && len(v.engines) == 0 {
		err = errEmpty
	}
	if err != nil {
		return failedResult(misuse(err))
	}
	r := newResult(l, k, len(v.engines))
	r.many = true
	prepare(r)
	for _, e := range v.engines {
		p := newPart()
		p.channel, p.engine, p.n = mux, e, 1 // what an engine lacks is sent to it alone
		r.add(p)
	}
	if err := r.broadcast(v.coalesce, v.label); err != nil {
		for _, p := range r.parts {
			p.finish(nil, err)
		}
	}
	return r
}

// broadcast sends all parts of r as one message. When it returns an error, no part is pending.
func (r *AsyncResult) broadcast(coalesce bool, label *string) error {
	l := r.link
	m, err := r.parts[0].message()
	if err != nil {
		return err
	}
	m.Idents = nil
	md := proto.BroadcastMetadata{IsBroadcast: true, IsCoalescing: coalesce, Label: label}
	for _, p := range r.parts {
		md.Targets = append(md.Targets, proto.Target{UUID: p.engine.uuid, ID: p.engine.id})
		p.id, p.sent = proto.BroadcastID(m.Header.MsgID, p.engine.uuid), time.Now()
		if r.follows() {
			p.outputs = newOutputs(r.group != "")
		}
	}
	if m.Metadata, err = json.Marshal(md); err != nil {
		return err
	}
	l.mu.Lock()
	if err = l.failure; err != nil {
		l.mu.Unlock()
		return err
	}
	for _, p := range r.parts {
		l.pending[p.id] = p
	}
	if coalesce {
		l.coalesced[m.Header.MsgID] = r.parts
	}
	l.mu.Unlock()
	for _, p := range r.parts {
		if p.outputs != nil {
			l.relay.follow(p.id, p.outputs)
		}
	}
	if err := l.dealers[broadcast].Send(l.session.Encode(m)); err != nil {
		for _, p := range r.parts {
			if l.claim(p) {
				p.finish(nil, fmt.Errorf("send the broadcast: %w", err))
			}
		}
	}
	return nil
}

// onCoalesced takes the one answer to a coalescing broadcast apart: the hub tells what each engine replied.
func (l *link) onCoalesced(parts []*part, m *jupyter.Message) {
	var md struct {
		Replies []proto.CoalescedReply `json:"broadcast_replies"`
	}
	err := json.Unmarshal(m.Metadata, &md)
	replies := map[string]*jupyter.Message{}
	at := 0
	for _, r := range md.Replies {
		if r.Buffers < 0 || r.Buffers > len(m.Buffers)-at {
			err = fmt.Errorf("%d buffers of engine %s", r.Buffers, r.Engine)
			break
		}
		c := &jupyter.Message{Metadata: r.Metadata, Content: r.Content, Buffers: m.Buffers[at : at+r.Buffers : at+r.Buffers]}
		c.Header.Date = r.Date
		replies[r.Engine] = c
		at += r.Buffers
	}
	for _, p := range parts {
		switch c := replies[p.engine.uuid]; {
		case !l.claim(p): // its engine has ended, and it was told
		case c != nil:
			p.reply(c)
		default:
			p.finish(nil, fmt.Errorf("the hub's answer to a broadcast lacks engine %d (%w)", p.engine.id, err))
		}
	}
}
