package zmtp_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/zmtp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long tests wait for what must happen.
const patience = 30 * time.Second

// transports are the endpoints on which behaviours are tested.
var transports = []struct {
	name     string
	endpoint func(t testing.TB) string
}{
	{"tcp", func(testing.TB) string { return "tcp://127.0.0.1:0" }},
	{"ipc", func(t testing.TB) string { return "ipc://" + filepath.Join(t.TempDir(), "s") }},
}

// libzmqAny is endpoint as libzmq wants it: a port of the system's choice is *.
func libzmqAny(endpoint string) string { return strings.Replace(endpoint, ":0", ":*", 1) }

// eachTransport runs f over tcp and ipc.
func eachTransport(t *testing.T, f func(t *testing.T, endpoint string)) {
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			f(t, tr.endpoint(t))
		})
	}
}

type socket interface {
	Listen(endpoint string) (string, error)
	Dial(endpoint string) error
	Close(ctx context.Context) error
}

// listen binds s and closes it when the test ends.
func listen(t testing.TB, s socket, endpoint string) string {
	t.Helper()
	closeLater(t, s)
	bound, err := s.Listen(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return bound
}

// dial connects s and closes it when the test ends.
func dial(t testing.TB, s socket, endpoint string) {
	t.Helper()
	closeLater(t, s)
	if err := s.Dial(endpoint); err != nil {
		t.Fatal(err)
	}
}

// closeLater closes s when the test ends, without waiting for what cannot be delivered.
func closeLater(t testing.TB, s socket) {
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Close(ctx) // tests that care close themselves
	})
}

// message is what a handler got.
type message struct {
	from   string
	frames []string
}

// inbox gathers what handlers get.
type inbox chan message

func newInbox() inbox { return make(inbox, 1024) }

func (b inbox) routed(from string, frames [][]byte) { b <- message{from, texts(frames)} }
func (b inbox) plain(frames [][]byte)               { b <- message{"", texts(frames)} }

func texts(frames [][]byte) []string {
	s := make([]string, len(frames))
	for i, f := range frames {
		s[i] = string(f)
	}
	return s
}

func bytesOf(frames ...string) [][]byte {
	b := make([][]byte, len(frames))
	for i, f := range frames {
		b[i] = []byte(f)
	}
	return b
}

// want waits for a message and returns whom it is from.
func (b inbox) want(t testing.TB, frames ...string) (from string) {
	t.Helper()
	m := next(t, b)
	if !slices.Equal(m.frames, frames) {
		t.Fatalf("got %s, want %s", short(m.frames), short(frames))
	}
	return m.from
}

// next waits for something on c.
func next[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("nothing came in %v", patience)
		panic("not reached")
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// closeNow closes s and expects that all is delivered.
func closeNow(t testing.TB, s socket) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	must(t, s.Close(ctx))
}

// events returns a pair of callbacks that report who comes and goes.
func events() (o zmtp.Options, connected, disconnected chan *zmtp.Peer) {
	connected, disconnected = make(chan *zmtp.Peer, 1024), make(chan *zmtp.Peer, 1024)
	o.OnConnect = func(p *zmtp.Peer) { connected <- p }
	o.OnDisconnect = func(p *zmtp.Peer) { disconnected <- p }
	return o, connected, disconnected
}
