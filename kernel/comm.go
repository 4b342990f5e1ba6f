package kernel

import (
	"context"
	"encoding/json"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// maxComms bounds the open comms: a page opens one for each target.
const maxComms = 256

// A CommTarget opens the kernel's end of a comm of its name. It gets send, which
// sends data to the front end and may be called from any goroutine until closed
// was called; later calls do nothing. It returns receive, which is called with
// each message's data, in order, and closed, which is called once when the front
// end has closed the comm or the kernel stops serving; both must be quick.
//
// Messages of these comms publish neither busy nor idle: they belong to no cell,
// and behind a Jupyter server each such pair costs the answer 40 ms.
type CommTarget func(send func(data any)) (receive func(data json.RawMessage), closed func())

// comm is one open comm.
type comm struct {
	target  string
	receive func(json.RawMessage)
	closed  func()
}

// commInfo serves comm_info_request, which widget managers wait for when a
// notebook is opened.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#comm-info
func (k *Kernel) commInfo(_ context.Context, _ *jupyter.Request, c jupyter.CommInfoRequest) (jupyter.CommInfoReply, error) {
	reply := jupyter.CommInfoReply{Status: jupyter.StatusOK, Comms: map[string]jupyter.CommInfo{}}
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, open := range k.comms {
		if c.TargetName == "" || c.TargetName == open.target {
			reply.Comms[id] = jupyter.CommInfo{TargetName: open.target}
		}
	}
	return reply, nil
}

// commOpen serves comm_open: an unknown target is closed at once, or the front
// end would wait for it.
func (k *Kernel) commOpen(_ context.Context, r *jupyter.Request, c jupyter.CommOpen) (struct{}, error) {
	target := k.config.Comms[c.TargetName]
	k.mu.Lock()
	_, taken := k.comms[c.CommID]
	full := len(k.comms) >= maxComms
	k.mu.Unlock()
	if target == nil || taken || full {
		k.log.V(1).Info("comm refused", "target", c.TargetName)
		k.publish(r.Message, "comm_close", jupyter.CommMsg{CommID: c.CommID, Data: json.RawMessage("{}")})
		return struct{}{}, nil
	}
	open := &comm{target: c.TargetName}
	open.receive, open.closed = target(func(data any) { k.commSend(c.CommID, open, data) })
	k.mu.Lock()
	k.comms[c.CommID] = open
	k.mu.Unlock()
	open.receive(c.Data)
	return struct{}{}, nil
}

// commSend publishes a message of an open comm. It has no parent: no cell asked
// for it.
func (k *Kernel) commSend(id string, open *comm, data any) {
	k.mu.Lock()
	there := k.comms[id] == open
	k.mu.Unlock()
	if !there {
		return
	}
	raw, err := json.Marshal(data)
	if err != nil {
		k.log.Error(err, "message of a comm not sent", "target", open.target)
		return
	}
	k.publish(nil, "comm_msg", jupyter.CommMsg{CommID: id, Data: raw})
}

// commMsg serves comm_msg. A message for a comm that is not open is no error: the
// front end may send it before it learns that it was refused, or has not noticed
// that the kernel was restarted. It is told.
func (k *Kernel) commMsg(_ context.Context, r *jupyter.Request, c jupyter.CommMsg) (struct{}, error) {
	k.mu.Lock()
	open := k.comms[c.CommID]
	k.mu.Unlock()
	if open == nil {
		k.log.V(1).Info("message for a comm that is not open", "type", r.Header.MsgType, "comm", c.CommID)
		k.publish(r.Message, "comm_close", jupyter.CommMsg{CommID: c.CommID, Data: json.RawMessage("{}")})
		return struct{}{}, nil
	}
	open.receive(c.Data)
	return struct{}{}, nil
}

// commClose serves comm_close.
func (k *Kernel) commClose(_ context.Context, _ *jupyter.Request, c jupyter.CommMsg) (struct{}, error) {
	k.mu.Lock()
	open := k.comms[c.CommID]
	delete(k.comms, c.CommID)
	k.mu.Unlock()
	if open != nil {
		open.closed()
	}
	return struct{}{}, nil
}

// closeComms tells the targets that no message will come any more, and the front
// ends: one that shows something else than cells learns in no other way that the
// kernel has ended.
func (k *Kernel) closeComms() {
	k.mu.Lock()
	open := k.comms
	k.comms = make(map[string]*comm)
	k.mu.Unlock()
	for id, c := range open {
		c.closed()
		k.publish(nil, "comm_close", jupyter.CommMsg{CommID: id, Data: json.RawMessage("{}")})
	}
}

// ownComm reports whether a comm message belongs to one of the kernel's targets.
func (k *Kernel) ownComm(r *jupyter.Request) bool {
	var c jupyter.CommOpen
	if r.Bind(&c) != nil {
		return false // the handler says what is wrong with it
	}
	if k.config.Comms[c.TargetName] != nil {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	_, open := k.comms[c.CommID]
	return open
}
