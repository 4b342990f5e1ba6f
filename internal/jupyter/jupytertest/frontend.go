// Package jupytertest is a front end for tests of kernels and engines: it
// connects real sockets, sends requests, and waits for what must come back,
// never longer than [Deadline]. What does not come fails the test with
// everything that did.
//
// It is not a Jupyter client for programs.
package jupytertest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// Deadline is how long a FrontEnd waits for a message: far longer than any takes
// on a busy machine, so that a miss is a failure and not bad luck.
const Deadline = 20 * time.Second

// FrontEnd is one front end of a kernel. Its methods may be called concurrently,
// those that wait from the test's goroutine only.
type FrontEnd struct {
	t       testing.TB
	session *jupyter.Session
	dealers map[string]*zmtp.Dealer
	iopub   *zmtp.Sub

	mu      sync.Mutex
	log     []Received    // guarded by mu; only grows
	beats   [][]byte      // guarded by mu: heartbeats that came back
	asked   int           // guarded by mu: input requests returned by Question
	changed chan struct{} // guarded by mu: closed and replaced on every message
}

// Received is a message and the channel it came on.
type Received struct {
	Channel string
	*jupyter.Message
	Parent jupyter.Header
}

// Connect connects a front end to the kernel of info and waits until it
// receives iopub. The connection is closed at the end of the test.
func Connect(t testing.TB, info jupyter.ConnectionInfo) *FrontEnd {
	t.Helper()
	f := &FrontEnd{t: t, session: jupyter.NewSession([]byte(info.Key)), changed: make(chan struct{})}
	// As jupyter_client does, so that the kernel finds stdin by shell's identity.
	curve, err := info.Curve()
	if err != nil {
		t.Fatal(err)
	}
	options := zmtp.Options{Identity: []byte(f.session.ID), Curve: curve}
	f.dealers = map[string]*zmtp.Dealer{
		jupyter.Shell:   zmtp.NewDealer(options, f.receive(jupyter.Shell)),
		jupyter.Control: zmtp.NewDealer(options, f.receive(jupyter.Control)),
		jupyter.Stdin:   zmtp.NewDealer(options, f.receive(jupyter.Stdin)),
		jupyter.Heartbeat: zmtp.NewDealer(options, func(frames [][]byte) {
			f.note(func() { f.beats = append(f.beats, frames[len(frames)-1]) })
		}),
	}
	f.iopub = zmtp.NewSub(zmtp.Options{Curve: curve}, f.receive(jupyter.IOPub))
	t.Cleanup(f.close)
	f.iopub.Subscribe(nil)
	for channel, d := range f.dealers {
		if err := d.Dial(info.Endpoint(channel)); err != nil {
			t.Fatalf("dial %s: %v", channel, err)
		}
	}
	if err := f.iopub.Dial(info.Endpoint(jupyter.IOPub)); err != nil {
		t.Fatalf("dial iopub: %v", err)
	}
	f.await("iopub_welcome", func(r Received) bool { return r.Header.MsgType == "iopub_welcome" })
	return f
}

func (f *FrontEnd) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nobody waits for what was not sent
	for _, d := range f.dealers {
		_ = d.Close(ctx) // best effort: the test is over
	}
	_ = f.iopub.Close(ctx) // as above
}

// Session returns the session that makes and signs this front end's messages.
func (f *FrontEnd) Session() *jupyter.Session { return f.session }

// receive returns the socket callback of a channel.
func (f *FrontEnd) receive(channel string) func([][]byte) {
	return func(frames [][]byte) {
		m, err := f.session.Decode(frames)
		if err != nil {
			f.t.Errorf("message on %s does not decode: %v", channel, err)
			return
		}
		parent, err := m.ParentHeader()
		if err != nil {
			f.t.Errorf("message on %s: %v", channel, err)
		}
		f.note(func() { f.log = append(f.log, Received{Channel: channel, Message: m, Parent: parent}) })
	}
}

// note changes f's records and wakes who waits.
func (f *FrontEnd) note(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.changed)
	f.changed = make(chan struct{})
}

// Send sends a request and returns it.
func (f *FrontEnd) Send(channel, msgType string, content any) *jupyter.Message {
	f.t.Helper()
	return f.SendMessage(channel, f.New(msgType, content))
}

// New makes a request without sending it.
func (f *FrontEnd) New(msgType string, content any) *jupyter.Message {
	f.t.Helper()
	m, err := f.session.New(msgType, nil, content)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

// SendMessage sends a message that New made and returns it.
func (f *FrontEnd) SendMessage(channel string, m *jupyter.Message) *jupyter.Message {
	f.t.Helper()
	f.SendFrames(channel, f.session.Encode(m)...)
	return m
}

// SendFrames sends frames as they are.
func (f *FrontEnd) SendFrames(channel string, frames ...[]byte) {
	f.t.Helper()
	if err := f.dealers[channel].Send(frames); err != nil {
		f.t.Fatalf("send on %s: %v", channel, err)
	}
}

// Beat sends a heartbeat and waits until it came back.
func (f *FrontEnd) Beat(payload string) {
	f.t.Helper()
	f.SendFrames(jupyter.Heartbeat, nil, []byte(payload))
	f.until("heartbeat "+payload, func() bool {
		for _, b := range f.beats {
			if string(b) == payload {
				return true
			}
		}
		return false
	})
}

// Reply waits for the reply to a request, on the channel the request went out
// on or any other, and decodes its content into v, unless v is nil.
func (f *FrontEnd) Reply(request *jupyter.Message, v any) Received {
	f.t.Helper()
	r := f.await("reply to "+request.Header.MsgType, func(r Received) bool {
		return r.Channel != jupyter.IOPub && r.Channel != jupyter.Stdin && r.Parent.MsgID == request.Header.MsgID
	})
	f.bind(r, v)
	return r
}

// Request sends a request, waits for its reply and for idle, and decodes the
// reply's content into v, unless v is nil.
func (f *FrontEnd) Request(channel, msgType string, content, v any) Received {
	f.t.Helper()
	request := f.Send(channel, msgType, content)
	r := f.Reply(request, v)
	if r.Channel != channel {
		f.t.Errorf("%s came on %s, not on %s", r.Header.MsgType, r.Channel, channel)
	}
	f.Outputs(request)
	return r
}

// Outputs waits until a request is idle and returns all that was published for
// it until then, busy and idle included.
func (f *FrontEnd) Outputs(request *jupyter.Message) []Received {
	f.t.Helper()
	f.Output(request, "status", jupyter.Idle)
	f.mu.Lock()
	defer f.mu.Unlock()
	var outputs []Received
	for _, r := range f.log {
		if r.Channel == jupyter.IOPub && r.Parent.MsgID == request.Header.MsgID {
			outputs = append(outputs, r)
		}
	}
	return outputs
}

// Output waits for the first output of a request that has this type and whose
// content has this text somewhere.
func (f *FrontEnd) Output(request *jupyter.Message, msgType, text string) Received {
	f.t.Helper()
	return f.await(fmt.Sprintf("%s with %q", msgType, text), func(r Received) bool {
		return r.Channel == jupyter.IOPub && r.Parent.MsgID == request.Header.MsgID &&
			r.Header.MsgType == msgType && strings.Contains(string(r.Content), text)
	})
}

// Published waits for an iopub message of this type that has no parent or any.
func (f *FrontEnd) Published(msgType, text string) Received {
	f.t.Helper()
	return f.await(fmt.Sprintf("published %s with %q", msgType, text), func(r Received) bool {
		return r.Channel == jupyter.IOPub && r.Header.MsgType == msgType && strings.Contains(string(r.Content), text)
	})
}

// Question waits for the next input_request.
func (f *FrontEnd) Question() Received {
	f.t.Helper()
	f.mu.Lock()
	skip := f.asked
	f.asked++
	f.mu.Unlock()
	n := 0
	return f.await("input_request", func(r Received) bool {
		if r.Channel != jupyter.Stdin {
			return false
		}
		n++
		return n > skip
	})
}

// Answer sends an input_reply; question may be nil, as jupyter_client's is.
func (f *FrontEnd) Answer(question *jupyter.Message, value string) {
	f.t.Helper()
	m, err := f.session.New("input_reply", question, jupyter.InputReply{Value: value})
	if err != nil {
		f.t.Fatal(err)
	}
	m.Idents = nil
	f.SendMessage(jupyter.Stdin, m)
}

// await waits for the first message, of all that ever came, that matches.
func (f *FrontEnd) await(what string, match func(Received) bool) Received {
	f.t.Helper()
	var found Received
	next := 0
	f.until(what, func() bool {
		for ; next < len(f.log); next++ {
			if match(f.log[next]) {
				found = f.log[next]
				return true
			}
		}
		return false
	})
	return found
}

// until waits until come, which is called with mu held, reports true.
func (f *FrontEnd) until(what string, come func() bool) {
	f.t.Helper()
	timer := time.NewTimer(Deadline)
	defer timer.Stop()
	for {
		f.mu.Lock()
		ok, changed := come(), f.changed
		f.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			f.t.Fatalf("no %s within %v; what came:\n%s", what, Deadline, f.Story())
		}
	}
}

// Forget drops what came so far, for benchmarks, whose waiting looks through all
// of it.
func (f *FrontEnd) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = nil
}

// Story returns everything that came, a line each.
func (f *FrontEnd) Story() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, r := range f.log {
		fmt.Fprintf(&b, "%-8s %-20s parent %s: %.300s\n", r.Channel, r.Header.MsgType, r.Parent.MsgID, r.Content)
	}
	return b.String()
}

func (f *FrontEnd) bind(r Received, v any) {
	f.t.Helper()
	if v == nil {
		return
	}
	if err := json.Unmarshal(r.Content, v); err != nil {
		f.t.Fatalf("content of %s: %v\n%s", r.Header.MsgType, err, r.Content)
	}
}
