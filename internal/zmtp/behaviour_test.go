package zmtp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/zmtp"
)

func TestRouterKnowsWhomItCannotReach(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		o, connected, disconnected := events()
		r := zmtp.NewRouter(o, newInbox().routed)
		bound := listen(t, r, endpoint)
		if err := r.Send("d", bytesOf("x")); err != zmtp.ErrNoPeer {
			t.Fatalf("before: %v", err)
		}
		d := zmtp.NewDealer(zmtp.Options{Identity: []byte("d")}, newInbox().plain)
		dial(t, d, bound)
		next(t, connected)
		must(t, r.Send("d", bytesOf("x")))
		closeNow(t, d)
		if p := next(t, disconnected); p.Identity() != "d" {
			t.Fatalf("disconnected %q", p.Identity())
		}
		if err := r.Send("d", bytesOf("x")); err != zmtp.ErrNoPeer {
			t.Fatalf("after: %v", err)
		}
	})
}

func TestSendRefusesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	d := zmtp.NewDealer(zmtp.Options{MaxFrame: 100, SendBuffer: 1000}, newInbox().plain)
	closeLater(t, d)
	if err := d.Send(nil); err == nil {
		t.Error("a message without frames was accepted")
	}
	if err := d.Send(bytesOf("a", strings.Repeat("x", 101))); !errors.Is(err, zmtp.ErrTooLarge) {
		t.Errorf("large frame: %v", err)
	}
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		err = d.Send(bytesOf(strings.Repeat("x", 98)))
	}
	if err != zmtp.ErrFull || n != 11 {
		t.Errorf("message %d: %v, want ErrFull for the 11th", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close: %v", err)
	}
	if err := d.Send(bytesOf("x")); err != zmtp.ErrClosed {
		t.Errorf("Send after Close: %v", err)
	}
	if err := d.Dial("tcp://127.0.0.1:1"); err != zmtp.ErrClosed {
		t.Errorf("Dial after Close: %v", err)
	}
	if _, err := d.Listen("tcp://127.0.0.1:0"); err != zmtp.ErrClosed {
		t.Errorf("Listen after Close: %v", err)
	}
}

func TestEndpointsAreChecked(t *testing.T) {
	t.Parallel()
	d := zmtp.NewDealer(zmtp.Options{}, newInbox().plain)
	closeLater(t, d)
	for _, bad := range []string{"", "127.0.0.1:80", "tcp://nowhere", "inproc://x", "ipc://", "ipc:///" + strings.Repeat("long/", 30)} {
		if err := d.Dial(bad); err == nil {
			t.Errorf("Dial(%q) succeeded", bad)
		}
		if _, err := d.Listen(bad); err == nil {
			t.Errorf("Listen(%q) succeeded", bad)
		}
	}
	for _, any := range []string{"tcp://*:0", "tcp://*:*", "tcp://0.0.0.0:0"} {
		bound, err := d.Listen(any)
		if err != nil || !strings.HasPrefix(bound, "tcp://0.0.0.0:") || strings.HasSuffix(bound, ":0") {
			t.Errorf("Listen(%q) = %q, %v", any, bound, err)
		}
	}
	for _, id := range []string{"\x00mine", strings.Repeat("i", 256)} {
		bad := zmtp.NewDealer(zmtp.Options{Identity: []byte(id)}, newInbox().plain)
		if err := bad.Dial("tcp://127.0.0.1:1"); err == nil {
			t.Errorf("identity %q was accepted", id)
		}
		closeNow(t, bad)
	}
}

func TestListenReplacesAStaleSocketFileOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stale, file := filepath.Join(dir, "stale"), filepath.Join(dir, "file")
	l, err := net.Listen("unix", stale)
	must(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	r := zmtp.NewRouter(zmtp.Options{}, newInbox().routed)
	listen(t, r, "ipc://"+stale)
	other := zmtp.NewRouter(zmtp.Options{}, newInbox().routed)
	closeLater(t, other)
	if _, err := other.Listen("ipc://" + stale); err == nil {
		t.Error("took the path of a live socket")
	}
	must(t, os.WriteFile(file, []byte("precious"), 0o600))
	if _, err := other.Listen("ipc://" + file); err == nil {
		t.Error("took the path of a file")
	}
	if b, _ := os.ReadFile(file); string(b) != "precious" {
		t.Error("the file was touched")
	}
	closeNow(t, r)
	if _, err := os.Lstat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close the socket file is still there (%v)", err)
	}
}

func TestOneSocketListensAndDialsSeveralTimes(t *testing.T) {
	t.Parallel()
	in, answers := newInbox(), newInbox()
	r := zmtp.NewRouter(zmtp.Options{}, in.routed)
	d := zmtp.NewDealer(zmtp.Options{Identity: []byte("d")}, answers.plain)
	other := zmtp.NewRouter(zmtp.Options{}, in.routed)
	dial(t, d, listen(t, r, "tcp://127.0.0.1:0"))
	must(t, d.Send(bytesOf("one")))
	in.want(t, "one")
	dial(t, d, listen(t, other, "ipc://"+filepath.Join(t.TempDir(), "s")))
	dial(t, other, listen(t, r, "tcp://127.0.0.1:0")) // ROUTER to ROUTER
	for !sends(other, "d") {
		must(t, d.Send(bytesOf("who"))) // round robin: both hear it once both are connected
		if m := next(t, in); m.from != "d" {
			t.Fatalf("from %q", m.from)
		}
	}
}

// sends reports whether r has a peer named to.
func sends(r *zmtp.Router, to string) bool { return r.Send(to, bytesOf("?")) == nil }

func TestDealerTakesTurns(t *testing.T) {
	t.Parallel()
	o, connected, _ := events()
	d := zmtp.NewDealer(o, newInbox().plain)
	bound := listen(t, d, "tcp://127.0.0.1:0")
	ins := []inbox{newInbox(), newInbox(), newInbox()}
	for _, in := range ins {
		dial(t, zmtp.NewDealer(zmtp.Options{}, in.plain), bound)
		next(t, connected)
	}
	for range 30 {
		must(t, d.Send(bytesOf("task")))
	}
	for _, in := range ins {
		for range 10 {
			in.want(t, "task")
		}
	}
}

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

func TestNewerPeerTakesOverAnIdentity(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		var mu sync.Mutex
		var story []string
		tell := func(what string) func(p *zmtp.Peer) {
			return func(p *zmtp.Peer) {
				mu.Lock()
				defer mu.Unlock()
				story = append(story, what+p.Identity())
			}
		}
		in := newInbox()
		r := zmtp.NewRouter(zmtp.Options{OnConnect: tell("+"), OnDisconnect: tell("-")}, in.routed)
		bound := listen(t, r, endpoint)
		old := dialRaw(t, bound).shake("DEALER", "id").put(frame(0, "old"))
		in.want(t, "old")
		for range 3 {
			newer := dialRaw(t, bound).shake("DEALER", "id").put(frame(0, "new"))
			old.ended()
			in.want(t, "new")
			must(t, r.Send("id", bytesOf("for the newer")))
			if _, body := newer.takeFrame(); body != "for the newer" {
				t.Fatalf("got %q", body)
			}
			old = newer
		}
		mu.Lock()
		defer mu.Unlock()
		if got := strings.Join(story, ""); got != "+id-id+id-id+id-id+id" {
			t.Fatalf("callbacks %s", got)
		}
	})
}

func TestConcurrentSendersKeepTheirOrder(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		const senders, each = 8, 500
		in := newInbox()
		bound := listen(t, zmtp.NewRep(zmtp.Options{}, func(f [][]byte) [][]byte { return f }), endpoint)
		d := zmtp.NewDealer(zmtp.Options{}, in.plain)
		dial(t, d, bound)
		var wg sync.WaitGroup
		for i := range senders {
			wg.Go(func() {
				for n := range each {
					if err := d.Send(bytesOf("", strconv.Itoa(i), strconv.Itoa(n), strings.Repeat("x", n*i*15))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		seen := make([]int, senders)
		for range senders * each {
			m := next(t, in)
			i, _ := strconv.Atoi(m.frames[1])
			n, _ := strconv.Atoi(m.frames[2])
			if n != seen[i] || len(m.frames[3]) != n*i*15 {
				t.Fatalf("sender %d: message %d with %d bytes, want message %d", i, n, len(m.frames[3]), seen[i])
			}
			seen[i]++
		}
		wg.Wait()
	})
}

func TestOnConnectMaySend(t *testing.T) {
	t.Parallel()
	in := newInbox()
	o := zmtp.Options{OnConnect: func(p *zmtp.Peer) {
		if err := p.Send([]byte("welcome"), []byte(p.RemoteAddr().Network())); err != nil {
			t.Error(err)
		}
	}}
	bound := listen(t, zmtp.NewRouter(o, nil), "tcp://127.0.0.1:0")
	dial(t, zmtp.NewDealer(zmtp.Options{}, in.plain), bound)
	in.want(t, "welcome", "tcp")
}

func TestCloseDeliversWhatWasSent(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		const count = 200
		body := strings.Repeat("x", 300<<10)
		send := map[string]func(in inbox) (closing socket, send func(frames [][]byte) error){
			"dealer": func(in inbox) (socket, func([][]byte) error) {
				d := zmtp.NewDealer(zmtp.Options{}, nil)
				dial(t, d, listen(t, zmtp.NewRouter(zmtp.Options{}, in.routed), endpoint+suffix(endpoint, "d")))
				return d, d.Send
			},
			"router": func(in inbox) (socket, func([][]byte) error) {
				o, connected, _ := events()
				r := zmtp.NewRouter(o, nil)
				dial(t, zmtp.NewDealer(zmtp.Options{Identity: []byte("d")}, in.plain), listen(t, r, endpoint+suffix(endpoint, "r")))
				next(t, connected)
				return r, func(f [][]byte) error { return r.Send("d", f) }
			},
			"pub": func(in inbox) (socket, func([][]byte) error) {
				o, subscribed := subscriptions()
				p := zmtp.NewPub(o)
				s := zmtp.NewSub(zmtp.Options{}, in.plain)
				s.Subscribe(nil)
				dial(t, s, listen(t, p, endpoint+suffix(endpoint, "p")))
				wantSubscription(t, subscribed, "", true)
				return p, p.Send
			},
		}
		for name, start := range send {
			t.Run(name, func(t *testing.T) {
				in := newInbox()
				s, send := start(in)
				for i := range count {
					must(t, send(bytesOf(strconv.Itoa(i), body)))
				}
				closeNow(t, s)
				closeNow(t, s) // again: no harm
				for i := range count {
					in.want(t, strconv.Itoa(i), body)
				}
			})
		}
	})
}

// suffix distinguishes ipc paths; a tcp port is the system's choice.
func suffix(endpoint, s string) string {
	if strings.HasPrefix(endpoint, "ipc:") {
		return s
	}
	return ""
}

// Sockets that start, talk and stop in every order leave nothing behind; goleak looks when all is done.
func TestStress(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		const hubs, rounds = 4, 15
		var wg sync.WaitGroup
		for h := range hubs {
			wg.Go(func() {
				for round := range rounds {
					var r *zmtp.Router
					r = zmtp.NewRouter(zmtp.Options{}, func(from string, f [][]byte) {
						_ = r.Send(from, f) // the peer may be gone
					})
					bound, err := r.Listen(endpoint + suffix(endpoint, fmt.Sprint(h)))
					if err != nil {
						t.Error(err)
						return
					}
					var peers sync.WaitGroup
					for n := range 5 {
						peers.Go(func() { visit(t, bound, n) })
					}
					if round%2 == 0 {
						peers.Wait()
					}
					stop(r, time.Duration(round%3)*10*time.Millisecond)
					peers.Wait()
				}
			})
		}
		wg.Wait()
	})
}

// visit starts a dealer that sends and closes, in one of several ways.
func visit(t *testing.T, bound string, way int) {
	back := make(chan struct{}, 100)
	d := zmtp.NewDealer(zmtp.Options{}, func([][]byte) { back <- struct{}{} })
	if way == 0 {
		stop(d, 0) // never started
		return
	}
	if err := d.Dial(bound); err != nil {
		t.Error(err)
	}
	for range way * 10 {
		if err := d.Send(bytesOf("a", strings.Repeat("b", way<<10))); err != nil {
			t.Error(err)
		}
	}
	if way == 4 {
		select {
		case <-back:
		case <-time.After(50 * time.Millisecond): // the hub may have stopped
		}
	}
	stop(d, time.Duration(way)*time.Millisecond)
}

// stop closes s from two goroutines at once.
func stop(s socket, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { _ = s.Close(ctx) }) // what is left may not be deliverable
	}
	wg.Wait()
}
