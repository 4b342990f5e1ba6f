package zmtp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// hostile are inputs after which the connection has to be closed. Those with a kind complete a handshake first.
var hostile = []struct{ name, kind, input string }{
	{"HTTP", "", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
	{"ZMTP 1", "", "\x01\x00\x04\x01abc"},
	{"ZMTP 2", "", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x05\x00\x00"},
	{"greeting with bad footer", "", "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x00\x03"},
	{"greeting with other mechanism", "", strings.Replace(greeting(3), "NULL\x00", "CURVE", 1)},
	{"READY of 2^62 bytes", "", greeting(3) + longHeader(4, 1<<62)},
	{"READY of 1 MiB", "", greeting(3) + longHeader(4, 1<<20)},
	{"READY with truncated name", "", greeting(3) + frame(4, "\x05READY\xffSocket-Type")},
	{"READY with truncated length", "", greeting(3) + frame(4, "\x05READY\x0bSocket-Type\x00\x00")},
	{"READY with truncated value", "", greeting(3) + frame(4, "\x05READY\x0bSocket-Type\x00\x00\x00\xffDEALER")},
	{"READY without socket type", "", greeting(3) + frame(4, "\x05READY"+property("Identity", "x"))},
	{"READY with empty name", "", greeting(3) + frame(4, "\x05READY"+property("", "x"))},
	{"READY with a property twice", "", greeting(3) + frame(4, "\x05READY"+property("Socket-Type", "DEALER")+property("socket-type", "REQ"))},
	{"unknown socket type", "", greeting(3) + ready("STREAM", "")},
	{"unknown socket type under another case", "", greeting(3) + frame(4, "\x05READY"+property("sOCKET-tYPE", "STREAM"))},
	{"incompatible socket type", "", greeting(3) + ready("PUB", "")},
	{"identity of 256 bytes", "", greeting(3) + ready("DEALER", strings.Repeat("i", 256))},
	{"identity of ours", "", greeting(3) + ready("DEALER", "\x00\x00\x00\x00\x01")},
	{"message before READY", "", greeting(3) + frame(0, "hello")},
	{"empty command before READY", "", greeting(3) + frame(4, "")},
	{"other command before READY", "", greeting(3) + frame(4, "\x04PING\x00\x00")},
	{"ERROR before READY", "", greeting(3) + frame(4, "\x05ERROR\x03bad")},
	{"frame of 2^62 bytes", "DEALER", longHeader(0, 1<<62)},
	{"frame of 2^64-1 bytes", "DEALER", longHeader(0, 1<<64-1)},
	{"frame of 2 GiB", "DEALER", longHeader(0, 2<<30)},
	{"second frame of 2 GiB", "DEALER", frame(1, "a") + longHeader(0, 2<<30)},
	{"frames that add up to too much", "DEALER", frame(1, strings.Repeat("a", 20<<10)) + strings.Repeat(frame(1, strings.Repeat("b", 255)), 80<<10)},
	{"too many frames", "DEALER", strings.Repeat(frame(1, ""), 70<<10)},
	{"reserved flag", "DEALER", "\x08\x00"},
	{"command with more", "DEALER", "\x05\x00"},
	{"command of 1 MiB", "DEALER", longHeader(4, 1<<20)},
	{"truncated command", "DEALER", frame(4, "\xffPING")},
	{"truncated PING", "DEALER", frame(4, "\x04PING\x00")},
	{"PING with long context", "DEALER", frame(4, "\x04PING\x00\x00"+strings.Repeat("c", 17))},
	{"ERROR", "DEALER", frame(4, "\x05ERROR\x03bad")},
	{"subscription to a ROUTER", "DEALER", frame(4, "\x09SUBSCRIBEtopic")},
	{"its end", "DEALER", frame(4, "\x06CANCELtopic")},
}

// served is a router that echoes, with a good peer.
type served struct {
	t     testing.TB
	r     *zmtp.Router
	bound string
	good  *zmtp.Dealer
	in    inbox
	n     int
}

func serve(t testing.TB, o zmtp.Options, endpoint string) *served {
	s := &served{t: t, in: newInbox()}
	s.r = zmtp.NewRouter(o, func(from string, frames [][]byte) {
		if err := s.r.Send(from, frames); err != nil && !errors.Is(err, zmtp.ErrFull) && !errors.Is(err, zmtp.ErrClosed) {
			t.Errorf("echo to %q: %v", from, err)
		}
	})
	s.bound = listen(t, s.r, endpoint)
	s.good = zmtp.NewDealer(zmtp.Options{}, s.in.plain)
	dial(t, s.good, s.bound)
	s.check()
	return s
}

// check makes sure that the good peer and a newcomer are served.
func (s *served) check() {
	s.t.Helper()
	for range 3 {
		s.n++
		text := fmt.Sprint("still there? ", s.n)
		must(s.t, s.good.Send(bytesOf(text, "")))
		s.in.want(s.t, text, "")
	}
	in := newInbox()
	d := zmtp.NewDealer(zmtp.Options{}, in.plain)
	dial(s.t, d, s.bound)
	must(s.t, d.Send(bytesOf("me too")))
	in.want(s.t, "me too")
	closeNow(s.t, d)
}

func TestHostileInputEndsItsConnectionOnly(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		s := serve(t, zmtp.Options{MaxMessage: 16 << 20, MaxFrames: 90 << 10}, endpoint)
		few := serve(t, zmtp.Options{}, otherEndpoint(endpoint))
		for _, h := range hostile {
			t.Run(h.name, func(t *testing.T) {
				for _, s := range []*served{s, few} {
					if h.name == "frames that add up to too much" && s == few || h.name == "too many frames" && s != few {
						continue // within that socket's limits
					}
					c := dialRaw(t, s.bound)
					if h.kind != "" {
						c.shake(h.kind, "")
					}
					go c.put(h.input) // in the background: what is not read blocks it
					c.ended()
					s.check()
				}
			})
		}
	})
}

func TestPropertyNamesAreNotCaseSensitive(t *testing.T) {
	t.Parallel()
	s := serve(t, zmtp.Options{}, "tcp://127.0.0.1:0")
	c := dialRaw(t, s.bound)
	c.put(greeting(3), frame(4, "\x05READY"+property("SOCKET-type", "DEALER")+property("X-Future", "1")+property("identity", "me")), frame(0, "hi"))
	c.take(64)
	c.takeFrame()
	if _, body := c.takeFrame(); body != "hi" {
		t.Fatalf("got %q", body)
	}
	must(t, s.r.Send("me", bytesOf("named")))
	if _, body := c.takeFrame(); body != "named" {
		t.Fatalf("got %q", body)
	}
}

func TestEveryPrefixOfAHandshakeIsHarmless(t *testing.T) {
	t.Parallel()
	s := serve(t, zmtp.Options{}, "tcp://127.0.0.1:0")
	whole := greeting(3) + ready("DEALER", "prefix") + frame(4, "\x04PING\x00\x00") + frame(1, "a")
	for n := range len(whole) {
		c := dialRaw(t, s.bound)
		c.put(whole[:n])
		c.Close()
	}
	s.check()
}

func TestSilentPeersDoNotExcludeOthers(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		s := serve(t, zmtp.Options{}, endpoint)
		for i := range 600 { // more than may shake hands at once
			c := dialRaw(t, s.bound)
			if i%2 == 1 {
				c.put(greeting(3)[:i%64])
			}
		}
		s.check()
	})
}

func TestSilentPeerIsHungUpOnAfterTheTimeout(t *testing.T) {
	t.Parallel()
	s := serve(t, zmtp.Options{HandshakeTimeout: 50 * time.Millisecond}, "tcp://127.0.0.1:0")
	for _, input := range []string{"", "\xff", greeting(3), greeting(3) + ready("DEALER", "x")[:20]} {
		dialRaw(t, s.bound).put(input).ended()
	}
	s.check()
}

func TestClaimedLengthIsNotAllocated(t *testing.T) {
	s := serve(t, zmtp.Options{}, "tcp://127.0.0.1:0")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		c := dialRaw(t, s.bound).shake("DEALER", "")
		c.put(frame(4, "\x04PING\x00\x00"), longHeader(0, 1<<30), "only this much")
		c.takeFrame() // the PONG: what follows the PING is being read
	}
	s.check()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 20*10<<20 {
		t.Fatalf("20 claims of 1 GiB allocated %d MiB", got>>20)
	}
}

func TestPeerThatNeverReadsHoldsUpNobody(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		s := serve(t, zmtp.Options{SendBuffer: 32 << 20}, endpoint) // more than the system buffers
		dialRaw(t, s.bound).shake("DEALER", "deaf").put(frame(0, "hello"))
		message := bytesOf(strings.Repeat("x", 10<<10), strings.Repeat("y", 100<<10))
		var err error
		for n := 0; err == nil || errors.Is(err, zmtp.ErrNoPeer); n++ {
			if n > 10000 {
				t.Fatal("the queue never fills")
			}
			err = s.r.Send("deaf", message)
		}
		if !errors.Is(err, zmtp.ErrFull) {
			t.Fatalf("err %v, want ErrFull", err)
		}
		s.check()
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := s.r.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Close: %v, want deadline exceeded", err)
		}
	})
}

func TestSlowSubscriberLosesItsOwnMessagesOnly(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		o, subscribed := subscriptions()
		o.SendBuffer = 1 << 20
		p := zmtp.NewPub(o)
		bound := listen(t, p, endpoint)
		dialRaw(t, bound).shake("SUB", "").put(frame(0, "\x01"))
		deaf := wantSubscription(t, subscribed, "", true)
		in := newInbox()
		s := zmtp.NewSub(zmtp.Options{}, in.plain)
		s.Subscribe(nil)
		dial(t, s, bound)
		good := wantSubscription(t, subscribed, "", true)
		const count = 2000
		body := strings.Repeat("x", 20<<10)
		for i := range count {
			must(t, p.Send(bytesOf(fmt.Sprint(i), body)))
			in.want(t, fmt.Sprint(i), body)
		}
		if deaf.Dropped() == 0 || good.Dropped() != 0 {
			t.Fatalf("dropped %d for the deaf, %d for the good peer", deaf.Dropped(), good.Dropped())
		}
	})
}

func TestTooManySubscriptionsEndTheConnection(t *testing.T) {
	t.Parallel()
	p := zmtp.NewPub(zmtp.Options{})
	c := dialRaw(t, listen(t, p, "tcp://127.0.0.1:0")).shake("SUB", "")
	go func() {
		for i := range 70 << 10 {
			c.put(frame(0, fmt.Sprint("\x01", i)))
		}
	}()
	c.ended()
}

func TestPingIsAnsweredWithItsContext(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		s := serve(t, zmtp.Options{}, endpoint)
		c := dialRaw(t, s.bound).shake("DEALER", "")
		// Between two messages, and inside one.
		c.put(frame(4, "\x04PING\x00\x10context"), frame(1, "a"), frame(4, "\x04PING\x00\x10"), frame(0, "b"))
		for _, want := range []struct {
			flags byte
			body  string
		}{{4, "\x04PONGcontext"}, {4, "\x04PONG"}, {1, "a"}, {0, "b"}} {
			if flags, body := c.takeFrame(); flags != want.flags || body != want.body {
				t.Fatalf("got %d %q, want %d %q", flags, body, want.flags, want.body)
			}
		}
		// Commands of later versions are ignored.
		c.put(frame(4, "\x05FUTUR"), frame(0, "c"))
		if _, body := c.takeFrame(); body != "c" {
			t.Fatalf("got %q, want c", body)
		}
	})
}
