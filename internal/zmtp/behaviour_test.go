package zmtp_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

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

// More peers than may shake hands at a time, all at once, as when a cluster starts.
func TestARushOfPeersIsServed(t *testing.T) {
	t.Parallel()
	const peers = 500
	in := newInbox()
	hub := zmtp.NewRouter(zmtp.Options{}, in.routed)
	bound := listen(t, hub, "tcp://127.0.0.1:0")
	back := newInbox()
	for i := range peers {
		d := zmtp.NewDealer(zmtp.Options{Identity: fmt.Append(nil, "engine-", i)}, back.plain)
		dial(t, d, bound)
		must(t, d.Send(bytesOf("register")))
	}
	for range peers {
		must(t, hub.Send(in.want(t, "register"), bytesOf("registered")))
	}
	for range peers {
		back.want(t, "registered")
	}
}
