package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// registrar is the engine's side of registration and heartbeat. It registers again whenever the hub comes back, which may
// be another one with the same ports and key.
type registrar struct {
	e       *Engine
	session *jupyter.Session
	dealer  *zmtp.Dealer
	ping    *zmtp.Sub
	pong    *zmtp.Dealer
	replies chan registration // capacity 1: only the first is waited for
	leave   context.CancelCauseFunc

	closed chan struct{}  // closed by close
	work   sync.WaitGroup // of what waits before it looks for missing tasks

	mu    sync.Mutex
	ups   int         // guarded by mu: how often the hub was reached
	gone  *time.Timer // guarded by mu: runs while the hub is away; nil otherwise
	over  bool        // guarded by mu: nothing is watched any more
	known bool        // guarded by mu: the hub has answered
}

// registration is the hub's answer, or why there is none.
type registration struct {
	reply proto.RegistrationReply
	err   error
}

// register asks the hub for an id and returns when it has one. leave is called when the hub stays away later on.
func (e *Engine) register(ctx context.Context, leave context.CancelCauseFunc) (*registrar, error) {
	hub := e.config.Hub
	r := &registrar{e: e, session: jupyter.NewSessionID([]byte(hub.Key), e.uuid), replies: make(chan registration, 1), closed: make(chan struct{}), leave: leave}
	options := zmtp.Options{Identity: []byte(e.uuid), Curve: e.curve, Log: e.log}
	watched := options
	watched.OnConnect = func(*zmtp.Peer) { r.up() }
	watched.OnDisconnect = func(*zmtp.Peer) { r.down() }
	r.dealer = zmtp.NewDealer(watched, r.answer)
	r.pong = zmtp.NewDealer(options, func([][]byte) {})
	r.ping = zmtp.NewSub(zmtp.Options{Curve: e.curve, Log: e.log}, func(frames [][]byte) {
		if err := r.pong.Send(frames); err != nil {
			e.log.V(1).Info("heartbeat not answered", "reason", err.Error())
		}
	})
	if err := r.dealer.Dial(hub.Endpoint(hub.Registration)); err != nil {
		return nil, errors.Join(err, r.close())
	}
	timer := time.NewTimer(e.config.Timeout)
	defer timer.Stop()
	select {
	case a := <-r.replies:
		if a.err != nil {
			return nil, errors.Join(a.err, r.close())
		}
		e.id = a.reply.ID
		return r, nil
	case <-timer.C:
		err := fmt.Errorf("the hub at %s did not answer within %v: is it running?", hub.Endpoint(hub.Registration), e.config.Timeout)
		return nil, errors.Join(err, r.close())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), r.close())
	}
}

// beat starts to answer heartbeats; with the first the hub announces the engine.
func (r *registrar) beat() error {
	hub := r.e.config.Hub
	r.ping.Subscribe(nil)
	return errors.Join(r.pong.Dial(hub.Endpoint(hub.HBPong)), r.ping.Dial(hub.Endpoint(hub.HBPing)))
}

// up registers with the hub that was reached.
func (r *registrar) up() {
	r.mu.Lock()
	r.ups++
	again := r.ups > 1
	if r.gone != nil {
		r.gone.Stop()
		r.gone = nil
	}
	over := r.over
	r.mu.Unlock()
	if over {
		return
	}
	request := proto.RegistrationRequest{UUID: r.e.uuid, ID: r.e.config.ID, Language: "go", Slots: r.e.config.Slots, Place: place()}
	if again {
		id := r.e.id
		request.ID = &id
		r.e.log.Info("hub is back; registering again")
	}
	m, err := r.session.New(proto.RegistrationRequestType, nil, request)
	if err == nil {
		err = r.dealer.Send(r.session.Encode(m))
	}
	if err != nil {
		r.e.log.Error(err, "registration not sent")
	}
}

// place is this process, as a user would look for it.
func place() *proto.Place {
	host, err := os.Hostname()
	if err != nil {
		host = "" // the pid still tells something
	}
	return &proto.Place{Host: host, PID: os.Getpid()}
}

// down gives the hub time to come back.
func (r *registrar) down() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.gone != nil || r.e.config.HubTimeout < 0 {
		return
	}
	r.e.log.Info("hub is away", "patience", r.e.config.HubTimeout.String())
	r.gone = time.AfterFunc(r.e.config.HubTimeout, func() { r.leave(ErrHubGone) })
}

// answer takes a reply to a registration_request.
func (r *registrar) answer(frames [][]byte) {
	m, err := r.session.Decode(frames)
	if err != nil {
		r.e.log.Error(err, "message of the hub dropped")
		return
	}
	if m.Header.MsgType != proto.RegistrationReplyType {
		r.e.log.V(1).Info("message of the hub ignored", "type", m.Header.MsgType)
		return
	}
	var a registration
	var failure proto.RemoteError
	a.err = errors.Join(json.Unmarshal(m.Content, &failure), m.Bind(&a.reply))
	if a.err == nil && a.reply.Status != proto.StatusOK {
		a.err = fmt.Errorf("the hub refused the engine: %s: %s", failure.Ename, failure.Evalue)
	}
	r.mu.Lock()
	first := !r.known
	r.known = true
	r.mu.Unlock()
	switch {
	case first:
		r.replies <- a
	case a.err != nil:
		r.leave(a.err)
	case a.reply.ID != r.e.id:
		// The hub is another one and knows another engine by this id; iopub topics and errors would name the wrong one.
		r.leave(fmt.Errorf("the hub gave this engine the id %d, it was %d: %w", a.reply.ID, r.e.id, ErrHubGone))
	case len(a.reply.Held) > 0:
		r.look(a.reply.Held)
	}
}

// underWay is how long tasks may take from the hub to the engine, by another connection than the one that names them.
const underWay = 500 * time.Millisecond

// look tells the hub, a moment later, which of the tasks that it believes to be here never came, and answers those once more whose
// reply was lost.
func (r *registrar) look(held []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	r.work.Go(func() {
		timer := time.NewTimer(underWay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.closed:
			return
		}
		r.e.mu.Lock()
		conn := r.e.conn
		r.e.mu.Unlock()
		missing, forgotten := conn.Recall(held)
		if len(missing)+len(forgotten) == 0 {
			return
		}
		m, err := r.session.New(proto.MissingTasksType, nil, proto.MissingTasks{UUID: r.e.uuid, Missing: missing, Forgotten: forgotten})
		if err == nil {
			err = r.dealer.Send(r.session.Encode(m))
		}
		if err != nil {
			r.e.log.Error(err, "hub not told of missing tasks")
		}
	})
}

// unregister tells the hub that the engine ends.
func (r *registrar) unregister(id int) {
	m, err := r.session.New(proto.UnregistrationRequestType, nil, proto.UnregistrationRequest{ID: id})
	if err == nil {
		err = r.dealer.Send(r.session.Encode(m))
	}
	if err != nil {
		r.e.log.V(1).Info("hub not told of the end", "reason", err.Error())
	}
}

// close ends the sockets.
func (r *registrar) close() error {
	r.mu.Lock()
	if !r.over {
		close(r.closed)
	}
	r.over = true
	if r.gone != nil {
		r.gone.Stop()
		r.gone = nil
	}
	r.mu.Unlock()
	r.work.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), closeTime) // detached: the engine's context has ended
	defer cancel()
	err := errors.Join(r.dealer.Close(ctx), r.ping.Close(ctx), r.pong.Close(ctx))
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // the hub is gone and took nothing more
	}
	return err
}
