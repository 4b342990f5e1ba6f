package jupyter_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type textContent struct {
	Text string `json:"text"`
}

// bench is a Mux on a bound Conn, served until the test ends.
type bench struct {
	mux  *jupyter.Mux
	conn *jupyter.Conn
	gate chan struct{} // one receive lets one "block" request go on
}

// serve starts a Mux with rows for tests on a tcp Conn.
func serve(t *testing.T, info jupyter.ConnectionInfo, options ...func(*jupyter.Mux)) *bench {
	t.Helper()
	conn, err := jupyter.Listen(t.Context(), info, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{conn: conn, gate: make(chan struct{})}
	echo := func(_ context.Context, r *jupyter.Request, c textContent) (textContent, error) {
		return textContent{c.Text + " on " + r.Channel}, nil
	}
	b.mux = jupyter.NewMux(map[string]jupyter.Handler{
		"echo_request": jupyter.On("echo_reply", echo),
		"side_request": jupyter.On("side_reply", echo).Aside(),
		"block_request": jupyter.On("block_reply", func(ctx context.Context, _ *jupyter.Request, c textContent) (textContent, error) {
			select {
			case <-b.gate:
			case <-ctx.Done():
			}
			return c, nil
		}).OnAbort(func(*jupyter.Request) any { return jupyter.OK{Status: jupyter.StatusAborted} }),
		"panic_request": jupyter.On("panic_reply", func(context.Context, *jupyter.Request, textContent) (textContent, error) {
			panic("oh dear")
		}),
		"fail_request": jupyter.On("fail_reply", func(_ context.Context, r *jupyter.Request, _ textContent) (textContent, error) {
			r.ReplyWith(jupyter.WithMetadata(map[string]bool{"tried": true}))
			return textContent{}, errors.Join(errors.New("outer"), &jupyter.Error{Name: "Inner", Value: "reason", Traceback: []string{"line"}})
		}),
		"unencodable_request": jupyter.On("unencodable_reply", func(context.Context, *jupyter.Request, textContent) (any, error) {
			return make(chan int), nil
		}),
		"note": jupyter.On("", echo),
		"later_request": jupyter.On("later_reply", func(_ context.Context, r *jupyter.Request, c textContent) (textContent, error) {
			finish := r.Defer()
			go func() {
				<-b.gate
				r.ReplyWith(jupyter.WithBuffers([][]byte{[]byte("late")}))
				finish(c, nil)
				finish(nil, errors.New("a second time"))
			}()
			return textContent{"ignored"}, nil
		}),
	})
	for _, set := range options {
		set(b.mux)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- b.mux.Serve(ctx, conn) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		closing, cancel := context.WithTimeout(context.Background(), jupytertest.Deadline)
		defer cancel()
		if err := conn.Close(closing); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func tcp() jupyter.ConnectionInfo {
	return jupyter.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", Key: "secret", SignatureScheme: jupyter.SignatureScheme}
}

func ipc(t *testing.T) jupyter.ConnectionInfo {
	t.Helper()
	dir, err := os.MkdirTemp("", "jup") // t.TempDir's paths are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return jupyter.ConnectionInfo{
		Transport: "ipc", IP: filepath.Join(dir, "k"), Key: "secret",
		ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HBPort: 5,
	}
}

func types(outputs []jupytertest.Received) string {
	return strings.Join(jupytertest.Execution{Outputs: outputs}.Types(), " ")
}

func TestRequestsAreAnsweredOnTheirChannelBetweenBusyAndIdle(t *testing.T) {
	t.Parallel()
	for name, info := range map[string]jupyter.ConnectionInfo{"tcp": tcp(), "ipc": ipc(t), "no key": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := serve(t, info)
			f := jupytertest.Connect(t, b.conn.Info())
			for _, msgType := range []string{"echo", "side"} {
				for _, channel := range []string{jupyter.Shell, jupyter.Control} {
					request := f.Send(channel, msgType+"_request", textContent{"hi"})
					var c textContent
					r := f.Reply(request, &c)
					if r.Channel != channel || r.Header.MsgType != msgType+"_reply" || c.Text != "hi on "+channel {
						t.Errorf("%s on %s: %s on %s: %s", msgType, channel, r.Header.MsgType, r.Channel, c.Text)
					}
					if string(r.Message.Parent) != string(request.RawHeader) {
						t.Errorf("parent %s, want %s", r.Message.Parent, request.RawHeader)
					}
					if got := types(f.Outputs(request)); got != "busy idle" {
						t.Errorf("published %q", got)
					}
				}
			}
			f.Beat("ping")
		})
	}
}

func TestTopicsNameTheKernelAndTheStream(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	if err := b.conn.Publish(nil, "stream", jupyter.Stream{Name: "stdout", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	if got := string(f.Published("stream", "x").Idents[0]); got != "stream.stdout" {
		t.Errorf("topic %s", got)
	}
	if err := b.conn.Publish(nil, "status", jupyter.Status{ExecutionState: jupyter.Starting}); err != nil {
		t.Fatal(err)
	}
	r := f.Published("status", jupyter.Starting)
	if got, want := string(r.Idents[0]), "kernel."+b.conn.Session().ID+".status"; got != want || string(r.Message.Parent) != "{}" {
		t.Errorf("topic %s, want %s; parent %s", got, want, r.Message.Parent)
	}
}

func TestEveryPathReplies(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	for msgType, want := range map[string]jupyter.ErrorContent{
		"panic_request":       {EName: "InternalError", EValue: "panic_request: oh dear"},
		"fail_request":        {EName: "Inner", EValue: "reason"},
		"unencodable_request": {EName: "Error", EValue: "content of unencodable_reply: json: unsupported type: chan int"},
	} {
		request := f.Send(jupyter.Shell, msgType, textContent{})
		var got jupyter.ErrorContent
		r := f.Reply(request, &got)
		if got.Status != jupyter.StatusError || got.EName != want.EName || got.EValue != want.EValue || got.Traceback == nil {
			t.Errorf("%s: %s", msgType, r.Content)
		}
		if got := types(f.Outputs(request)); got != "busy idle" {
			t.Errorf("%s published %q", msgType, got)
		}
		if msgType == "fail_request" && string(r.Metadata) != `{"tried":true}` {
			t.Errorf("metadata %s", r.Metadata)
		}
	}
	var got jupyter.ErrorContent
	f.Request(jupyter.Shell, "echo_request", map[string]int{"text": 1}, &got)
	if got.EName != "BadRequest" {
		t.Errorf("content of the wrong type: %+v", got)
	}
}

func TestMessagesWithoutReplyAreBusyAndIdle(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	for _, msgType := range []string{"note", "never_heard_of_request"} {
		for _, channel := range []string{jupyter.Shell, jupyter.Control} {
			if got := types(f.Outputs(f.Send(channel, msgType, nil))); got != "busy idle" {
				t.Errorf("%s on %s published %q", msgType, channel, got)
			}
		}
	}
}

func TestControlAndAsideDoNotWaitForShell(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	block := f.Send(jupyter.Shell, "block_request", textContent{"b"})
	f.Output(block, "status", jupyter.Busy)
	waiting := f.Send(jupyter.Shell, "echo_request", textContent{"w"})
	f.Request(jupyter.Shell, "side_request", textContent{"s"}, nil)
	f.Request(jupyter.Control, "side_request", textContent{"c"}, nil)
	onControl := f.Send(jupyter.Control, "echo_request", textContent{"o"})
	f.Request(jupyter.Control, "side_request", textContent{"c2"}, nil)
	b.gate <- struct{}{}
	f.Reply(block, nil)
	f.Reply(waiting, nil)
	if r := f.Reply(onControl, nil); r.Channel != jupyter.Control {
		t.Errorf("reply on %s", r.Channel)
	}
}

func TestAsideSeesWhatQuickRequestsBeforeItDid(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp(), func(m *jupyter.Mux) { m.Patience = time.Minute }) // a loaded machine may take long over "quick"
	f := jupytertest.Connect(t, b.conn.Info())
	for range 20 {
		first := f.Send(jupyter.Shell, "echo_request", textContent{"1"})
		second := f.Send(jupyter.Shell, "side_request", textContent{"2"})
		f.Outputs(second)
		outputs := f.Story()
		idle, busy := strings.Index(outputs, "parent "+first.Header.MsgID+`: {"execution_state":"idle"}`), strings.Index(outputs, "parent "+second.Header.MsgID+`: {"execution_state":"busy"}`)
		if idle < 0 || busy < idle {
			t.Fatalf("aside ran before the quick request ahead of it was over:\n%s", outputs)
		}
	}
}

func TestAbortAnswersWaitingRequestsInTheirTurn(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	running := f.Send(jupyter.Shell, "block_request", textContent{"run"})
	f.Output(running, "status", jupyter.Busy)
	var waiting []string
	var last = running
	for range 3 {
		last = f.Send(jupyter.Shell, "block_request", textContent{"wait"})
		waiting = append(waiting, last.Header.MsgID)
	}
	echo := f.Send(jupyter.Shell, "echo_request", textContent{"not abortable"})
	f.Request(jupyter.Control, "side_request", nil, nil)
	b.mux.Drain(t.Context(), 5*time.Millisecond, time.Second)
	if n := b.mux.Abort(func(m *jupyter.Message) bool { return slices.Contains(waiting, m.Header.MsgID) }); n != 3 {
		t.Errorf("%d aborted", n)
	}
	b.gate <- struct{}{}
	var c textContent
	if f.Reply(running, &c); c.Text != "run" {
		t.Errorf("the running request was aborted: %+v", c)
	}
	var status jupyter.OK
	f.Reply(last, &status)
	if got := types(f.Outputs(last)); status.Status != jupyter.StatusAborted || got != "busy idle" {
		t.Errorf("%+v, published %q", status, got)
	}
	f.Reply(echo, &c)
	if c.Text != "not abortable on shell" {
		t.Errorf("echo: %+v", c)
	}
}

func TestDeferredRepliesLetOthersPassAndCountOnce(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	later := f.Send(jupyter.Shell, "later_request", textContent{"finally"})
	f.Request(jupyter.Shell, "echo_request", textContent{"first"}, nil)
	b.gate <- struct{}{}
	var c textContent
	r := f.Reply(later, &c)
	if c.Text != "finally" || len(r.Buffers) != 1 || string(r.Buffers[0]) != "late" {
		t.Errorf("%+v buffers %q", c, r.Buffers)
	}
	f.Outputs(later)
	f.Request(jupyter.Shell, "echo_request", nil, nil)
	if got := types(f.Outputs(later)); got != "busy idle" {
		t.Errorf("published %q", got)
	}
}

func TestBadMessagesAreDroppedAndTheNextIsServed(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	good := f.Session().Encode(f.New("echo_request", textContent{"x"}))
	tampered := slices.Clone(good)
	tampered[5] = []byte(`{"text":"y"}`)
	stranger := jupyter.NewSession([]byte("wrong"))
	m, err := stranger.New("echo_request", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, frames := range [][][]byte{tampered, good[1:], good[:3], stranger.Encode(m), {{}}, {[]byte("<IDS|MSG>")}} {
		for _, channel := range []string{jupyter.Shell, jupyter.Control, jupyter.Stdin} {
			f.SendFrames(channel, frames...)
		}
	}
	for _, channel := range []string{jupyter.Shell, jupyter.Control} {
		f.Request(channel, "echo_request", textContent{"x"}, nil)
	}
	replies := strings.Count(f.Story(), "echo_reply")
	if replies != 2 {
		t.Errorf("%d replies:\n%s", replies, f.Story())
	}
	f.SendFrames(jupyter.Shell, good...)
	f.SendFrames(jupyter.Shell, good...) // a replay
	f.Request(jupyter.Shell, "echo_request", textContent{"x"}, nil)
	if replies = strings.Count(f.Story(), "echo_reply"); replies != 4 {
		t.Errorf("after a replay %d replies:\n%s", replies, f.Story())
	}
}

func TestSubshellsServeWhileTheMainShellIsBusy(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	f.Request(jupyter.Shell, "echo_request", nil, nil) // Serve has begun
	id, err := b.mux.AddSubshell()
	if err != nil {
		t.Fatal(err)
	}
	block := f.Send(jupyter.Shell, "block_request", nil)
	f.Output(block, "status", jupyter.Busy)
	for _, subshell := range []string{"unknown", id} {
		m := f.New("echo_request", textContent{"sub"})
		m.Header.SubshellID, m.RawHeader = subshell, nil
		f.SendMessage(jupyter.Shell, m)
		if subshell == id {
			f.Reply(m, nil)
		}
	}
	if got := b.mux.Subshells(); !slices.Equal(got, []string{id}) {
		t.Errorf("subshells %v", got)
	}
	if err := b.mux.RemoveSubshell(id); err != nil {
		t.Error(err)
	}
	if b.mux.RemoveSubshell(id) == nil || b.mux.RemoveSubshell("") == nil {
		t.Error("a subshell that is not there was removed")
	}
	if _, err := b.mux.AddSubshell(); err != nil {
		t.Error(err)
	}
	b.gate <- struct{}{}
	f.Reply(block, nil)
}

func TestInputIsAskedOfTheRequestersFrontEnd(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	asker, other := jupytertest.Connect(t, b.conn.Info()), jupytertest.Connect(t, b.conn.Info())
	requests := make(chan *jupyter.Message, 1)
	b.mux.Handle("ask_request", jupyter.On("ask_reply", func(ctx context.Context, r *jupyter.Request, c textContent) (textContent, error) {
		requests <- r.Message
		answer, err := b.conn.Input(ctx, r.Message, c.Text, true)
		return textContent{answer}, err
	}))
	ask := func(f *jupytertest.FrontEnd) (request *jupyter.Message, question jupytertest.Received) {
		request = f.Send(jupyter.Shell, "ask_request", textContent{"name? "})
		<-requests
		return request, f.Question()
	}
	request, question := ask(asker)
	if string(question.Content) != `{"prompt":"name? ","password":true}` || question.Parent.MsgID != request.Header.MsgID {
		t.Errorf("question %s, parent %+v", question.Content, question.Parent)
	}
	other.Answer(question.Message, "not asked")
	asker.Answer(request, "of another question")
	other.Request(jupyter.Control, "side_request", nil, nil)
	asker.Answer(question.Message, "gopher")
	var c textContent
	if asker.Reply(request, &c); c.Text != "gopher" {
		t.Errorf("answer %q", c.Text)
	}
	request, _ = ask(other)
	other.Answer(nil, "\x04")
	var e jupyter.ErrorContent
	if other.Reply(request, &e); e.EValue != "EOF" {
		t.Errorf("end of input: %+v", e)
	}
}

func TestInputEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := serve(t, tcp())
	f := jupytertest.Connect(t, b.conn.Info())
	var wg sync.WaitGroup
	defer wg.Wait()
	request := f.New("x", nil)
	request.Idents = [][]byte{[]byte(f.Session().ID)}
	ctx, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 2)
	for range 2 { // the second waits for the first
		wg.Go(func() {
			_, err := b.conn.Input(ctx, request, "?", false)
			errs <- err
		})
	}
	f.Question()
	cancel()
	for range 2 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	request.Idents = [][]byte{[]byte("nobody")}
	if _, err := b.conn.Input(t.Context(), request, "?", false); !errors.Is(err, jupyter.ErrNoStdin) {
		t.Errorf("a front end without stdin: %v", err)
	}
}

func TestListenTellsWhichChannelDoesNotBind(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // the test is over
	info := tcp()
	info.ControlPort = taken.Addr().(*net.TCPAddr).Port
	if _, err := jupyter.Listen(t.Context(), info, logr.Discard()); err == nil || !strings.Contains(err.Error(), "bind control to tcp://127.0.0.1:") {
		t.Errorf("%v", err)
	}
	info.SignatureScheme = "hmac-md5"
	if _, err := jupyter.Listen(t.Context(), info, logr.Discard()); err == nil {
		t.Error("unknown signature scheme accepted")
	}
}
