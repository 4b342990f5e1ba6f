package zmtp_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/zmtp"
)

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
