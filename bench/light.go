package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// lightEngine speaks an engine's side of the protocol with next to no work of its own: it answers each task at once. A thousand
// of them in this process put the load of a thousand engines on a hub in another.
type lightEngine struct {
	uuid    string
	id      int
	session *jupyter.Session
	query   *zmtp.Dealer
	shell   *zmtp.Router
	control *zmtp.Router
	iopub   *zmtp.Pub
	ping    *zmtp.Sub
	pong    *zmtp.Dealer
}

// startLight registers an engine with a hub and connects its sockets; the hub announces it soon after.
func startLight(ctx context.Context, info *proto.EngineInfo, n int) (*lightEngine, error) {
	e := &lightEngine{uuid: fmt.Sprintf("light-%d", n)}
	e.session = jupyter.NewSessionID([]byte(info.Key), e.uuid)
	o := zmtp.Options{Identity: []byte(e.uuid)}
	registered := make(chan error, 1)
	e.query = zmtp.NewDealer(o, func(frames [][]byte) {
		m, err := e.session.Decode(frames)
		if err == nil {
			var r proto.RegistrationReply
			err = m.Bind(&r)
			e.id = r.ID
		}
		select {
		case registered <- err:
		default: // only the first is waited for
		}
	})
	m, err := e.session.New(proto.RegistrationRequestType, nil, proto.RegistrationRequest{UUID: e.uuid, Language: proto.Go})
	if err != nil {
		return e, err
	}
	if err := e.query.Dial(info.Endpoint(info.Registration)); err != nil {
		return e, err
	}
	if err := e.query.Send(e.session.Encode(m)); err != nil {
		return e, err
	}
	select {
	case err := <-registered:
		if err != nil {
			return e, err
		}
	case <-ctx.Done():
		return e, ctx.Err()
	}
	e.shell = zmtp.NewRouter(o, func(from string, frames [][]byte) { e.answer(e.shell, from, frames) })
	e.control = zmtp.NewRouter(o, func(from string, frames [][]byte) { e.answer(e.control, from, frames) })
	e.iopub, e.pong = zmtp.NewPub(o), zmtp.NewDealer(o, func([][]byte) {})
	e.ping = zmtp.NewSub(zmtp.Options{}, func(frames [][]byte) { _ = e.pong.Send(frames) }) // fails at the end only
	e.ping.Subscribe(nil)
	for _, d := range []struct {
		dial func(string) error
		port int
	}{{e.shell.Dial, info.Mux}, {e.shell.Dial, info.Task}, {e.shell.Dial, info.Broadcast[e.id%len(info.Broadcast)]},
		{e.control.Dial, info.Control}, {e.iopub.Dial, info.IOPub}, {e.pong.Dial, info.HBPong}, {e.ping.Dial, info.HBPing}} {
		if err := d.dial(info.Endpoint(d.port)); err != nil {
			return e, err
		}
	}
	return e, nil
}

// answer replies ok to a request, with its first buffer. It trusts the hub: signatures are checked there, and by real engines.
func (e *lightEngine) answer(r *zmtp.Router, from string, frames [][]byte) {
	n := 0
	for n < len(frames) && string(frames[n]) != "<IDS|MSG>" {
		n++
	}
	if n+6 > len(frames) {
		return
	}
	request := &jupyter.Message{Idents: frames[:n], RawHeader: frames[n+2], Metadata: frames[n+4]}
	reply, err := e.session.New(proto.ApplyReplyType, request, proto.OK{Status: proto.StatusOK})
	if err != nil {
		return
	}
	var b proto.BroadcastMetadata
	if len(request.Metadata) > 2 {
		_ = json.Unmarshal(request.Metadata, &b) // other requests have none of it
	}
	md := proto.ReplyMetadata{Started: proto.Time{Time: time.Now()}, DependenciesMet: true, Engine: e.uuid, Status: proto.StatusOK,
		IsBroadcast: b.IsBroadcast, IsCoalescing: b.IsCoalescing, OriginalID: b.OriginalID}
	if reply.Metadata, err = json.Marshal(md); err != nil {
		return
	}
	reply.Idents = request.Idents
	reply.Buffers = [][]byte{[]byte("0123456789")}
	_ = r.Send(from, e.session.Encode(reply)) // fails when the hub is gone
}

// lightEngines starts n engines and returns when their hub has announced all.
func lightEngines(ctx context.Context, h *benchHub, n int) (took time.Duration, stop func(), err error) {
	start := time.Now()
	var mu sync.Mutex
	var all []*lightEngine
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	const at = 32 // at a time
	for first := range at {
		wg.Go(func() {
			for i := first; i < n; i += at {
				e, err := startLight(ctx, h.engine, i)
				mu.Lock()
				all = append(all, e)
				mu.Unlock()
				if err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	wg.Wait()
	stop = func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // nothing is outstanding
		for _, e := range all {
			e.close(ctx)
		}
	}
	if p := failed.Load(); p != nil {
		return 0, stop, *p
	}
	for {
		there, err := h.engines(ctx)
		if err != nil || there == n {
			return time.Since(start), stop, err
		}
		if time.Since(start) > 2*time.Minute {
			return 0, stop, fmt.Errorf("%d of %d engines are announced after 2 min", there, n)
		}
		time.Sleep(5 * time.Millisecond) // asking costs the hub time, too
	}
}

func (e *lightEngine) close(ctx context.Context) {
	e.query.Close(ctx)
	if e.shell == nil {
		return
	}
	e.shell.Close(ctx)
	e.control.Close(ctx)
	e.iopub.Close(ctx)
	e.ping.Close(ctx)
	e.pong.Close(ctx)
}
