package zmtp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// keys makes the key pairs of a server and a client.
func keys(t testing.TB) (server, client zmtp.KeyPair) {
	t.Helper()
	server, err := zmtp.NewKeyPair()
	must(t, err)
	client, err = zmtp.NewKeyPair()
	must(t, err)
	return server, client
}

// asServer returns libzmq's options of a CURVE server.
func asServer(pair zmtp.KeyPair, o options) options {
	merged := options{"CURVE_SERVER": 1, "CURVE_PUBLICKEY": hexBytes(pair.Public.String()), "CURVE_SECRETKEY": hexBytes(pair.Secret.Z85())}
	for k, v := range o {
		merged[k] = v
	}
	return merged
}

// asClient returns libzmq's options of a CURVE client.
func asClient(pair zmtp.KeyPair, server zmtp.Key, o options) options {
	merged := asServer(pair, o)
	delete(merged, "CURVE_SERVER")
	merged["CURVE_SERVERKEY"] = hexBytes(server.String())
	return merged
}

// eachRole runs f over tcp and ipc, with this package as the server of CURVE and as the client: ours is for its sockets, theirs turns
// libzmq's options into those of the other side.
func eachRole(t *testing.T, f func(t *testing.T, endpoint string, ours *zmtp.Curve, theirs func(options) options)) {
	server, client := keys(t)
	t.Run("server", func(t *testing.T) {
		eachTransport(t, func(t *testing.T, endpoint string) {
			f(t, endpoint, &zmtp.Curve{Pair: server}, func(o options) options { return asClient(client, server.Public, o) })
		})
	})
	t.Run("client", func(t *testing.T) {
		eachTransport(t, func(t *testing.T, endpoint string) {
			f(t, endpoint, &zmtp.Curve{Pair: client, Server: server.Public}, func(o options) options { return asServer(server, o) })
		})
	})
}

func TestCurveRouterAndLibzmqDealer(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, endpoint string, ours *zmtp.Curve, theirs func(options) options) {
		z, in := startLibzmq(t), newInbox()
		r := zmtp.NewRouter(zmtp.Options{Curve: ours}, in.routed)
		z.connect("d", "DEALER", listen(t, r, endpoint), theirs(options{"IDENTITY": hexBytes("me")}))
		for _, s := range samples {
			z.send("d", s...)
			if from := in.want(t, s...); from != "me" {
				t.Fatalf("from %q, want me", from)
			}
			must(t, r.Send("me", bytesOf(s...)))
			z.want("d", s...)
		}
	})
}

func TestCurveDealerAndLibzmqRouter(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, endpoint string, ours *zmtp.Curve, theirs func(options) options) {
		z, in := startLibzmq(t), newInbox()
		d := zmtp.NewDealer(zmtp.Options{Identity: []byte("me"), Curve: ours}, in.plain)
		dial(t, d, z.bind("r", "ROUTER", libzmqAny(endpoint), theirs(nil)))
		for _, s := range samples {
			must(t, d.Send(bytesOf(s...)))
			z.want("r", append([]string{"me"}, s...)...)
			z.send("r", append([]string{"me"}, s...)...)
			in.want(t, s...)
		}
	})
}

func TestCurveRouterDialsLibzmqDealer(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, endpoint string, ours *zmtp.Curve, theirs func(options) options) {
		z, in := startLibzmq(t), newInbox()
		o, connected, _ := events()
		o.Curve = ours
		r := zmtp.NewRouter(o, in.routed)
		dial(t, r, z.bind("d", "DEALER", libzmqAny(endpoint), theirs(nil)))
		id := next(t, connected).Identity()
		for _, s := range samples {
			z.send("d", s...)
			in.want(t, s...)
			must(t, r.Send(id, bytesOf(s...)))
			z.want("d", s...)
		}
	})
}

func TestCurvePubAndXPubAndLibzmqSub(t *testing.T) {
	t.Parallel()
	for kind, create := range map[string]func(zmtp.Options) *zmtp.Pub{"PUB": zmtp.NewPub, "XPUB": zmtp.NewXPub} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			eachRole(t, func(t *testing.T, endpoint string, ours *zmtp.Curve, theirs func(options) options) {
				z := startLibzmq(t)
				o, subscribed := subscriptions()
				o.Curve = ours
				p := create(o)
				z.connect("s", "SUB", listen(t, p, endpoint), theirs(options{"SUBSCRIBE": hexBytes("t")}))
				wantSubscription(t, subscribed, "t", true)
				for _, s := range samples {
					must(t, p.Send(bytesOf("other")))
					must(t, p.Send(bytesOf(append([]string{"topic"}, s...)...)))
					z.want("s", append([]string{"topic"}, s...)...)
				}
			})
		})
	}
}

func TestCurveSubAndLibzmqXPub(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, endpoint string, ours *zmtp.Curve, theirs func(options) options) {
		z, in := startLibzmq(t), newInbox()
		s := zmtp.NewSub(zmtp.Options{Curve: ours}, in.plain)
		s.Subscribe([]byte("ab"))
		dial(t, s, z.bind("x", "XPUB", libzmqAny(endpoint), theirs(nil)))
		z.want("x", "\x01ab")
		for _, f := range samples {
			z.send("x", append([]string{"abc"}, f...)...)
			in.want(t, append([]string{"abc"}, f...)...)
		}
		// And bound, as the hub's iopub is.
		z.connect("p", "PUB", listen(t, s, otherEndpoint(endpoint)), theirs(nil))
		for arrived := false; !arrived; {
			z.send("p", "ab", "data")
			select {
			case m := <-in:
				arrived = slices.Equal(m.frames, []string{"ab", "data"})
			default:
			}
		}
	})
}

func TestCurveRepAndLibzmqReq(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, endpoint string, ours *zmtp.Curve, theirs func(options) options) {
		z := startLibzmq(t)
		r := zmtp.NewRep(zmtp.Options{Curve: ours}, func(frames [][]byte) [][]byte { return frames })
		z.connect("q", "REQ", listen(t, r, endpoint), theirs(nil))
		for _, s := range samples {
			z.send("q", s...)
			z.want("q", s...)
		}
	})
}

func TestCurveHeartbeatsOfLibzmqAreAnswered(t *testing.T) {
	t.Parallel()
	eachRole(t, func(t *testing.T, endpoint string, ours *zmtp.Curve, theirs func(options) options) {
		z, in := startLibzmq(t), newInbox()
		o, connected, disconnected := events()
		o.Curve = ours
		r := zmtp.NewRouter(o, in.routed)
		z.connect("d", "DEALER", listen(t, r, endpoint), theirs(options{"HEARTBEAT_IVL": 10, "HEARTBEAT_TIMEOUT": 1500, "HEARTBEAT_TTL": 3000}))
		id := next(t, connected).Identity()
		if got := z.recv("d", 2500); got != nil { // longer than the timeout, nothing but heartbeats
			t.Fatalf("got %s", short(got))
		}
		must(t, r.Send(id, bytesOf(samples[4]...)))
		z.want("d", samples[4]...)
		select {
		case <-disconnected:
			t.Fatal("libzmq gave the connection up")
		default:
		}
	})
}

func TestCurveBothWaysBetweenOurSockets(t *testing.T) {
	t.Parallel()
	server, client := keys(t)
	eachTransport(t, func(t *testing.T, endpoint string) {
		in, answers := newInbox(), newInbox()
		o, connected, _ := events()
		o.Curve = &zmtp.Curve{Pair: server, Allow: func(k zmtp.Key) bool { return k == client.Public }}
		r := zmtp.NewRouter(o, in.routed)
		d := zmtp.NewDealer(zmtp.Options{Identity: []byte("me"), Curve: &zmtp.Curve{Pair: client, Server: server.Public}}, answers.plain)
		dial(t, d, listen(t, r, endpoint))
		if k := next(t, connected).Key(); k != client.Public {
			t.Fatalf("the peer has key %s, want %s", k, client.Public)
		}
		big := strings.Repeat("0123456789abcdef", 1<<20) // 16 MiB, in several writes
		for _, s := range append(slices.Clone(samples), []string{"x", big, "", big[:1<<20]}) {
			must(t, d.Send(bytesOf(s...)))
			in.want(t, s...)
			must(t, r.Send("me", bytesOf(s...)))
			answers.want(t, s...)
		}
		closeNow(t, d)
	})
}

func TestManySendersShareACurveConnection(t *testing.T) {
	t.Parallel()
	server, client := keys(t)
	in := newInbox()
	r := zmtp.NewRouter(zmtp.Options{Curve: &zmtp.Curve{Pair: server}}, in.routed)
	d := zmtp.NewDealer(zmtp.Options{Curve: &zmtp.Curve{Pair: client, Server: server.Public}}, newInbox().plain)
	dial(t, d, listen(t, r, "tcp://127.0.0.1:0"))
	const senders, each = 8, 200
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				if err := d.Send(bytesOf(fmt.Sprint(s), fmt.Sprint(i), strings.Repeat("b", 50*i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	last := map[string]int{}
	for range senders * each {
		m := next(t, in)
		if want := fmt.Sprint(last[m.frames[0]]); m.frames[1] != want || len(m.frames[2]) != 50*last[m.frames[0]] {
			t.Fatalf("sender %s: message %s of %d bytes, want %s", m.frames[0], m.frames[1], len(m.frames[2]), want)
		}
		last[m.frames[0]]++
	}
	wg.Wait()
}

func TestCurveRefusesStrangers(t *testing.T) {
	t.Parallel()
	server, client := keys(t)
	other, unknown := keys(t)
	allow := func(k zmtp.Key) bool { return k == client.Public }
	good := &zmtp.Curve{Pair: client, Server: server.Public}
	for _, c := range []struct {
		name  string
		curve *zmtp.Curve
		why   string
	}{
		{"wrong server key", &zmtp.Curve{Pair: client, Server: other.Public}, "HELLO does not open"},
		{"unknown client key", &zmtp.Curve{Pair: unknown, Server: server.Public}, "not allowed"},
		{"public key of another", &zmtp.Curve{Pair: zmtp.KeyPair{Public: client.Public, Secret: unknown.Secret}, Server: server.Public}, "does not prove"},
		{"no encryption", nil, `wants mechanism "NULL"`},
		{"another server", &zmtp.Curve{Pair: other}, "both sides want to be CURVE's server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in, logged := newInbox(), newLogged()
			r := zmtp.NewRouter(zmtp.Options{Curve: &zmtp.Curve{Pair: server, Allow: allow}, Log: logged.logger()}, in.routed)
			bound := listen(t, r, "tcp://127.0.0.1:0")
			o, connected, _ := events()
			o.Curve = c.curve
			d := zmtp.NewDealer(o, newInbox().plain)
			dial(t, d, bound)
			must(t, d.Send(bytesOf("secret plan")))
			logged.want(t, c.why)
			select {
			case <-connected:
				t.Fatal("the stranger believes to be connected")
			default:
			}
			// Somebody with the right keys is served meanwhile, and nothing of the stranger's arrives before.
			g := zmtp.NewDealer(zmtp.Options{Curve: good}, newInbox().plain)
			dial(t, g, bound)
			must(t, g.Send(bytesOf("hello")))
			in.want(t, "hello")
		})
	}
}

func TestCurveClientRefusesAnotherServer(t *testing.T) {
	t.Parallel()
	server, client := keys(t)
	impostor, _ := keys(t)
	logged := newLogged()
	r := zmtp.NewRouter(zmtp.Options{Curve: &zmtp.Curve{Pair: impostor}}, newInbox().routed)
	d := zmtp.NewDealer(zmtp.Options{Curve: &zmtp.Curve{Pair: client, Server: server.Public}, Log: logged.logger()}, newInbox().plain)
	dial(t, d, listen(t, r, "tcp://127.0.0.1:0"))
	must(t, d.Send(bytesOf("secret plan")))
	logged.want(t, "dial again") // the impostor cannot open HELLO, so it cannot even answer
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := d.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("Close: %v; the message cannot have been sent", err)
	}
}

func TestLibzmqRefusesWrongKeys(t *testing.T) {
	t.Parallel()
	server, client := keys(t)
	other, _ := keys(t)
	z := startLibzmq(t)
	bound := z.bind("r", "ROUTER", "tcp://127.0.0.1:*", asServer(server, nil))
	logged := newLogged()
	d := zmtp.NewDealer(zmtp.Options{Curve: &zmtp.Curve{Pair: client, Server: other.Public}, Log: logged.logger()}, newInbox().plain)
	dial(t, d, bound)
	must(t, d.Send(bytesOf("secret plan")))
	logged.want(t, "dial again")
	// And libzmq's client of another server does not get into ours.
	in := newInbox()
	r := zmtp.NewRouter(zmtp.Options{Curve: &zmtp.Curve{Pair: server}, Log: logged.logger()}, in.routed)
	z.connect("d", "DEALER", listen(t, r, "tcp://127.0.0.1:0"), asClient(client, other.Public, nil))
	z.post(request{Op: "recv", Name: "d", Timeout: 200})
	logged.want(t, "HELLO does not open")
	z.answer(nil)
	if got := z.recv("r", 100); got != nil {
		t.Fatalf("libzmq got %s", short(got))
	}
	if len(in) > 0 {
		t.Fatal("a message came through")
	}
}

// tap is a proxy that shows what passes, and changes it.
func tap(t *testing.T, to string, change func(chunk []byte, fromClient bool) []byte) (endpoint string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	pass := func(from, to net.Conn, client bool) {
		defer from.Close()
		defer to.Close()
		for b := make([]byte, 64<<10); ; {
			n, err := from.Read(b)
			if err != nil {
				return
			}
			if _, err := to.Write(change(b[:n], client)); err != nil {
				return
			}
		}
	}
	wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", strings.TrimPrefix(to, "tcp://"))
			if err != nil {
				in.Close()
				return
			}
			mu.Lock()
			open = append(open, in, out)
			mu.Unlock()
			wg.Go(func() { pass(in, out, true) })
			wg.Go(func() { pass(out, in, false) })
		}
	})
	return "tcp://" + l.Addr().String()
}

func TestNothingPassesInTheClear(t *testing.T) {
	t.Parallel()
	server, client := keys(t)
	var mu sync.Mutex
	var wire strings.Builder
	in := newInbox()
	r := zmtp.NewRouter(zmtp.Options{Curve: &zmtp.Curve{Pair: server}}, in.routed)
	d := zmtp.NewDealer(zmtp.Options{Identity: []byte("my-own-name"), Curve: &zmtp.Curve{Pair: client, Server: server.Public}}, newInbox().plain)
	dial(t, d, tap(t, listen(t, r, "tcp://127.0.0.1:0"), func(b []byte, _ bool) []byte {
		mu.Lock()
		defer mu.Unlock()
		wire.Write(b)
		return b
	}))
	must(t, d.Send(bytesOf("secret plan", strings.Repeat("secret plan", 10000))))
	in.want(t, "secret plan", strings.Repeat("secret plan", 10000))
	mu.Lock()
	defer mu.Unlock()
	for _, clear := range []string{"secret plan", "my-own-name", "DEALER", string(client.Public[:]), string(client.Secret[:]), string(server.Secret[:])} {
		if strings.Contains(wire.String(), clear) {
			t.Errorf("%.12q passes in the clear", clear)
		}
	}
	if !strings.Contains(wire.String(), "INITIATE") {
		t.Error("the tap saw no handshake: the test shows nothing")
	}
}

func TestChangedOrRepeatedMessagesEndTheConnection(t *testing.T) {
	t.Parallel()
	server, client := keys(t)
	for name, change := range map[string]func(b []byte) []byte{
		"changed": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"repeated": func(b []byte) []byte {
			return append(b, b...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, logged := newInbox(), newLogged()
			o, _, disconnected := events()
			o.Curve, o.Log = &zmtp.Curve{Pair: server}, logged.logger()
			r := zmtp.NewRouter(o, in.routed)
			var meddle sync.Once
			armed := make(chan struct{})
			d := zmtp.NewDealer(zmtp.Options{Curve: &zmtp.Curve{Pair: client, Server: server.Public}}, newInbox().plain)
			dial(t, d, tap(t, listen(t, r, "tcp://127.0.0.1:0"), func(b []byte, fromClient bool) []byte {
				select {
				case <-armed:
					if fromClient && strings.Contains(string(b), "MESSAGE") {
						meddle.Do(func() { b = change(slices.Clone(b)) })
					}
				default:
				}
				return b
			}))
			must(t, d.Send(bytesOf("one")))
			in.want(t, "one")
			close(armed)
			must(t, d.Send(bytesOf("two")))
			next(t, disconnected)
			logged.want(t, map[string]string{"changed": "does not open", "repeated": "recorded and sent again"}[name])
			close(in)
			for m := range in {
				if m.frames[0] != "two" || name == "changed" && m.frames[0] != "two" {
					t.Errorf("got %s", short(m.frames))
				}
			}
		})
	}
}

func TestCurveNeedsAKeyPair(t *testing.T) {
	t.Parallel()
	r := zmtp.NewRouter(zmtp.Options{Curve: &zmtp.Curve{}}, newInbox().routed)
	if _, err := r.Listen("tcp://127.0.0.1:0"); err == nil {
		t.Error("Listen without a key pair succeeded")
	}
	closeNow(t, r)
}
