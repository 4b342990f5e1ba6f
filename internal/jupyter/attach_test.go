package jupyter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// hub is the engine's side of a hub, on real sockets: two ROUTERs that send
// requests of shell, one of control, and the SUB of iopub.
type hub struct {
	t         *testing.T
	session   *jupyter.Session
	routers   map[string]*zmtp.Router
	connected chan string
	messages  chan *jupyter.Message
}

func (h *hub) receive(frames [][]byte) {
	m, err := h.session.Decode(frames)
	if err != nil {
		h.t.Errorf("%v", err)
		return
	}
	h.messages <- m
}

func (h *hub) next() *jupyter.Message {
	h.t.Helper()
	select {
	case m := <-h.messages:
		return m
	case <-time.After(jupytertest.Deadline):
		h.t.Fatal("nothing came")
		return nil
	}
}

func TestEngineServesItsHubOnDialedSockets(t *testing.T) {
	t.Parallel()
	const uuid, key = "engine-uuid", "k"
	h := &hub{
		t: t, session: jupyter.NewSession([]byte(key)), routers: make(map[string]*zmtp.Router),
		connected: make(chan string, 16), messages: make(chan *jupyter.Message, 64),
	}
	closing, cancel := context.WithTimeout(context.Background(), jupytertest.Deadline)
	t.Cleanup(cancel)
	endpoints := make(map[string]string)
	for _, name := range []string{"mux", "task", "control"} {
		r := zmtp.NewRouter(zmtp.Options{
			Identity:  []byte(name + "_out"),
			OnConnect: func(p *zmtp.Peer) { h.connected <- name + " " + p.Identity() },
		}, func(from string, frames [][]byte) { h.receive(append([][]byte{[]byte(from)}, frames...)) })
		t.Cleanup(func() { _ = r.Close(closing) })
		endpoint, err := r.Listen("tcp://127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		h.routers[name], endpoints[name] = r, endpoint
	}
	sub := zmtp.NewSub(zmtp.Options{}, h.receive)
	sub.Subscribe(nil)
	t.Cleanup(func() { _ = sub.Close(closing) })
	iopub, err := sub.Listen("tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	conn, err := jupyter.Attach(t.Context(), jupyter.EngineSockets{
		UUID: uuid, ID: 7, Shell: []string{endpoints["mux"], endpoints["task"]},
		Control: endpoints["control"], IOPub: iopub, Key: []byte(key),
	}, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	mux := jupyter.NewMux(map[string]jupyter.Handler{
		"apply_request": jupyter.On("apply_reply", func(_ context.Context, r *jupyter.Request, _ textContent) (jupyter.OK, error) {
			r.ReplyWith(jupyter.WithMetadata(map[string]string{"status": "ok"}))
			return jupyter.OK{Status: r.Channel}, conn.Publish(r.Message, "stream", jupyter.Stream{Name: "stdout", Text: "out"})
		}),
	})
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- mux.Serve(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		<-served
		_ = conn.Close(closing)
	})
	for range h.routers {
		select {
		case <-h.connected:
		case <-time.After(jupytertest.Deadline):
			t.Fatal("the engine did not connect")
		}
	}
	for _, name := range []string{"mux", "task", "control"} {
		m, err := h.session.New("apply_request", nil, textContent{})
		if err != nil {
			t.Fatal(err)
		}
		frames := append([][]byte{[]byte("client")}, h.session.Encode(m)...)
		if err := h.routers[name].Send(uuid, frames); err != nil {
			t.Fatal(err)
		}
		for seen := 0; seen < 2; { // the reply, and the stream unless iopub is still connecting
			got := h.next()
			if got.Header.Session != uuid {
				t.Errorf("session %s", got.Header.Session)
			}
			var metadata struct{ Engine, Status string }
			if err := json.Unmarshal(got.Metadata, &metadata); err != nil || metadata.Engine != uuid {
				t.Errorf("%s: metadata %s, %v", got.Header.MsgType, got.Metadata, err)
			}
			switch got.Header.MsgType {
			case "apply_reply":
				if id := fmt.Sprintf("%s", got.Idents); id != "["+uuid+" client]" || metadata.Status != "ok" {
					t.Errorf("%s: reply to %s, metadata %s", name, id, got.Metadata)
				}
				seen += 2
			case "stream":
				if topic := string(got.Idents[0]); topic != "engine.7.stdout" {
					t.Errorf("topic %s", topic)
				}
			case "status":
				if topic := string(got.Idents[0]); topic != "engine.7.status" {
					t.Errorf("topic %s", topic)
				}
			}
		}
	}
	if _, err := conn.Input(t.Context(), &jupyter.Message{Idents: [][]byte{{1}}}, "?", false); err == nil {
		t.Error("an engine asked for input")
	}
}
