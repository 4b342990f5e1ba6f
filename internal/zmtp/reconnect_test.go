package zmtp_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/zmtp"
)

func TestDealerKeepsMessagesUntilItIsConnected(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		o, connected, disconnected := events()
		in := newInbox()
		first := zmtp.NewRouter(zmtp.Options{}, in.routed)
		bound := listen(t, first, endpoint)
		d := zmtp.NewDealer(o, newInbox().plain)
		n := 0
		sendSome := func() {
			for range 50 {
				must(t, d.Send(bytesOf(strconv.Itoa(n), "", strings.Repeat("x", n*1000))))
				n++
			}
		}
		want := func(from, to int) {
			for i := from; i < to; i++ {
				in.want(t, strconv.Itoa(i), "", strings.Repeat("x", i*1000))
			}
		}
		sendSome() // before Dial
		dial(t, d, bound)
		next(t, connected)
		sendSome()
		want(0, 100)
		for range 3 { // a hub that restarts
			closeNow(t, first)
			next(t, disconnected)
			from := n
			sendSome()
			first = zmtp.NewRouter(zmtp.Options{}, in.routed)
			listen(t, first, bound)
			sendSome()
			next(t, connected)
			want(from, n)
		}
	})
}

// A connection breaks with most of the queue unwritten and one message half written.
func TestDealerSendsAgainWhatAConnectionDidNotTake(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		network, address, _ := strings.Cut(endpoint, "://")
		if network == "ipc" {
			network = "unix"
		}
		l, err := net.Listen(network, address)
		must(t, err)
		o, connected, disconnected := events()
		d := zmtp.NewDealer(o, newInbox().plain)
		bound := strings.TrimSuffix(endpoint, ":0")
		if network == "tcp" {
			bound = "tcp://" + l.Addr().String()
		}
		dial(t, d, bound)
		conn, err := l.Accept()
		must(t, err)
		deaf := newRaw(t, conn).shake("ROUTER", "")
		next(t, connected)
		const count = 100
		body := strings.Repeat("x", 1<<20)
		for i := range count {
			must(t, d.Send(bytesOf(strconv.Itoa(i), body, "small")))
		}
		l.Close()
		deaf.Close()
		next(t, disconnected)
		must(t, d.Send(bytesOf("last", body, "small")))
		in := newInbox()
		listen(t, zmtp.NewRouter(zmtp.Options{}, in.routed), bound)
		m := next(t, in)
		first, err := strconv.Atoi(m.frames[0])
		if err != nil || first > 20 {
			t.Fatalf("first message after the break is %.20q", m.frames[0])
		}
		for i := first + 1; i < count; i++ {
			in.want(t, strconv.Itoa(i), body, "small")
		}
		in.want(t, "last", body, "small")
	})
}

func TestRouterKeepsMessagesForAPeerItDialed(t *testing.T) {
	t.Parallel()
	for _, identity := range []string{"hub", ""} {
		t.Run("identity "+identity, func(t *testing.T) {
			t.Parallel()
			hub := func(in inbox) *zmtp.Router {
				return zmtp.NewRouter(zmtp.Options{Identity: []byte(identity)}, in.routed)
			}
			in := newInbox()
			first := hub(in)
			bound := listen(t, first, "tcp://127.0.0.1:0")
			o, connected, disconnected := events()
			o.Identity = []byte("engine")
			engine := zmtp.NewRouter(o, newInbox().routed)
			dial(t, engine, bound)
			id := next(t, connected).Identity()
			closeNow(t, first)
			next(t, disconnected)
			for i := range 10 {
				must(t, engine.Send(id, bytesOf("result", strconv.Itoa(i))))
			}
			listen(t, hub(in), bound)
			for i := range 10 {
				if from := in.want(t, "result", strconv.Itoa(i)); from != "engine" {
					t.Fatalf("from %q", from)
				}
			}
			if again := next(t, connected).Identity(); again != id {
				t.Fatalf("the peer was %q and is %q", id, again)
			}
		})
	}
}

func TestSubSubscribesAgainAfterReconnect(t *testing.T) {
	t.Parallel()
	in := newInbox()
	s := zmtp.NewSub(zmtp.Options{}, in.plain)
	s.Subscribe([]byte("a"))
	o, subscribed := subscriptions()
	p := zmtp.NewPub(o)
	bound := listen(t, p, "tcp://127.0.0.1:0")
	dial(t, s, bound)
	for range 3 {
		wantSubscription(t, subscribed, "a", true)
		must(t, p.Send(bytesOf("abc")))
		in.want(t, "abc")
		closeNow(t, p)
		p = zmtp.NewXPub(o)
		listen(t, p, bound)
	}
}
