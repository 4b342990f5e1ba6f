package zmtp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// A message of each size class: empty frames, one-byte lengths, what fits in the read buffer, what does not, what is not copied.
var samples = [][]string{
	{"x"},
	{"", "<IDS|MSG>", "sig", "{}", "{}", "{}", "{}"},
	{strings.Repeat("a", 255), strings.Repeat("b", 256)},
	{strings.Repeat("c", 16<<10), "", strings.Repeat("d", 40<<10)},
	{"head", strings.Repeat("e", 2<<20), "tail"},
	manyFrames(300),
}

func manyFrames(n int) []string {
	f := make([]string, n)
	for i := range f {
		f[i] = strings.Repeat("f", i)
	}
	return f
}

func TestLibzmqDealerTalksToRouter(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z, in := startLibzmq(t), newInbox()
		r := zmtp.NewRouter(zmtp.Options{}, in.routed)
		bound := listen(t, r, endpoint)
		id := "bin\x00ary\xff"
		z.connect("d", "DEALER", bound, options{"IDENTITY": hexBytes(id)})
		z.connect("anonymous", "DEALER", bound, nil)
		for _, s := range samples {
			z.send("d", s...)
			if from := in.want(t, s...); from != id {
				t.Fatalf("from %q, want %q", from, id)
			}
			must(t, r.Send(id, bytesOf(s...)))
			z.want("d", s...)
		}
		z.send("anonymous", "hello")
		from := in.want(t, "hello")
		if len(from) != 5 || from[0] != 0 {
			t.Fatalf("made up identity %q", from)
		}
		must(t, r.Send(from, bytesOf("you")))
		z.want("anonymous", "you")
	})
}

func TestDealerTalksToLibzmqRouter(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z, in := startLibzmq(t), newInbox()
		bound := z.bind("r", "ROUTER", libzmqAny(endpoint), nil)
		d := zmtp.NewDealer(zmtp.Options{Identity: []byte("me")}, in.plain)
		dial(t, d, bound)
		for _, s := range samples {
			must(t, d.Send(bytesOf(s...)))
			z.want("r", append([]string{"me"}, s...)...)
			z.send("r", append([]string{"me"}, s...)...)
			in.want(t, s...)
		}
	})
}

func TestRouterDialsLibzmqDealerAndRouter(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z, in := startLibzmq(t), newInbox()
		o, connected, _ := events()
		o.Identity = []byte("engine")
		r := zmtp.NewRouter(o, in.routed)
		dial(t, r, z.bind("d", "DEALER", libzmqAny(endpoint), nil))
		id := next(t, connected).Identity()
		for _, s := range samples {
			z.send("d", s...)
			if from := in.want(t, s...); from != id {
				t.Fatalf("from %q, want %q", from, id)
			}
			must(t, r.Send(id, bytesOf(s...)))
			z.want("d", s...)
		}
		bound := z.bind("r", "ROUTER", libzmqAny(otherEndpoint(endpoint)), options{"IDENTITY": hexBytes("hub")})
		must(t, r.Dial(bound))
		next(t, connected)
		must(t, r.Send("hub", bytesOf("reply")))
		z.want("r", "engine", "reply")
		z.send("r", "engine", "request")
		if from := in.want(t, "request"); from != "hub" {
			t.Fatalf("from %q, want hub", from)
		}
	})
}

// otherEndpoint returns an endpoint beside endpoint.
func otherEndpoint(endpoint string) string {
	if strings.HasPrefix(endpoint, "ipc:") {
		return endpoint + "2"
	}
	return endpoint
}

func TestLibzmqDealerTalksToBoundDealer(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z, in := startLibzmq(t), newInbox()
		d := zmtp.NewDealer(zmtp.Options{}, in.plain)
		z.connect("d", "DEALER", listen(t, d, endpoint), nil)
		for _, s := range samples {
			z.send("d", s...)
			in.want(t, s...)
			must(t, d.Send(bytesOf(s...)))
			z.want("d", s...)
		}
	})
}

func TestRepAnswersLibzmqReqAndDealer(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z := startLibzmq(t)
		r := zmtp.NewRep(zmtp.Options{}, func(frames [][]byte) [][]byte { return frames })
		bound := listen(t, r, endpoint)
		z.connect("q", "REQ", bound, nil)
		for _, s := range samples {
			z.send("q", s...)
			z.want("q", s...)
		}
		z.send("q", "a", "", "b")
		z.want("q", "a", "", "b")
		z.connect("d", "DEALER", bound, nil)
		z.send("d", "no delimiter: ignored")
		z.send("d", "route", "", "ping")
		z.want("d", "route", "", "ping")
	})
}

func TestRepDialsLibzmqReq(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z := startLibzmq(t)
		r := zmtp.NewRep(zmtp.Options{}, func(frames [][]byte) [][]byte { return frames })
		dial(t, r, z.bind("q", "REQ", libzmqAny(endpoint), nil))
		for _, s := range samples {
			z.send("q", s...)
			z.want("q", s...)
		}
	})
}

func TestDealerTalksToLibzmqRep(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z, in := startLibzmq(t), newInbox()
		d := zmtp.NewDealer(zmtp.Options{}, in.plain)
		dial(t, d, z.bind("r", "REP", libzmqAny(endpoint), nil))
		must(t, d.Send(bytesOf("", "ping")))
		z.want("r", "ping")
		z.send("r", "pong")
		in.want(t, "", "pong")
	})
}

// subscription is what OnSubscribe reports.
type subscription struct {
	peer  *zmtp.Peer
	topic string
	on    bool
}

func subscriptions() (zmtp.Options, chan subscription) {
	c := make(chan subscription, 1024)
	return zmtp.Options{OnSubscribe: func(p *zmtp.Peer, topic []byte, on bool) { c <- subscription{p, string(topic), on} }}, c
}

func wantSubscription(t testing.TB, c <-chan subscription, topic string, on bool) *zmtp.Peer {
	t.Helper()
	got := next(t, c)
	if got.topic != topic || got.on != on {
		t.Fatalf("subscription %q %v, want %q %v", got.topic, got.on, topic, on)
	}
	return got.peer
}

func TestLibzmqSubHearsPubAndXPub(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(zmtp.Options) *zmtp.Pub{"PUB": zmtp.NewPub, "XPUB": zmtp.NewXPub}
	for kind, create := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			eachTransport(t, func(t *testing.T, endpoint string) {
				z := startLibzmq(t)
				o, subscribed := subscriptions()
				p := create(o)
				bound := listen(t, p, endpoint)
				z.connect("ab", "SUB", bound, options{"SUBSCRIBE": hexBytes("ab")})
				peer := wantSubscription(t, subscribed, "ab", true)
				must(t, peer.Send([]byte("ab"), []byte("welcome")))
				z.want("ab", "ab", "welcome")
				z.connect("all", "SUB", bound, options{"SUBSCRIBE": ""})
				wantSubscription(t, subscribed, "", true)
				for _, s := range samples {
					must(t, p.Send(bytesOf(append([]string{"a"}, s...)...)))
					must(t, p.Send(bytesOf(append([]string{"abc"}, s...)...)))
					z.want("ab", append([]string{"abc"}, s...)...)
					z.want("all", append([]string{"a"}, s...)...)
					z.want("all", append([]string{"abc"}, s...)...)
				}
				z.do(request{Op: "set", Name: "ab", Options: options{"UNSUBSCRIBE": hexBytes("ab")}}, nil)
				wantSubscription(t, subscribed, "ab", false)
				z.do(request{Op: "set", Name: "ab", Options: options{"SUBSCRIBE": hexBytes("z")}}, nil)
				wantSubscription(t, subscribed, "z", true)
				must(t, p.Send(bytesOf("abc")))
				must(t, p.Send(bytesOf("z")))
				z.want("ab", "z")
				z.connect("x", "XSUB", bound, nil)
				z.send("x", "\x01topic")
				wantSubscription(t, subscribed, "topic", true)
			})
		})
	}
}

func TestPubDialsLibzmqSub(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z := startLibzmq(t)
		o, subscribed := subscriptions()
		p := zmtp.NewXPub(o)
		dial(t, p, z.bind("s", "SUB", libzmqAny(endpoint), options{"SUBSCRIBE": hexBytes("t")}))
		// A bound libzmq socket takes notice of its peers only while the application calls it.
		z.post(request{Op: "recv", Name: "s", Timeout: 20000})
		wantSubscription(t, subscribed, "t", true)
		must(t, p.Send(bytesOf("t", "out")))
		var got []string
		z.answer(&got)
		if want := hexAll([]string{"t", "out"}); !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestSubHearsLibzmqPubAndXPub(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z, in := startLibzmq(t), newInbox()
		bound := z.bind("x", "XPUB", libzmqAny(endpoint), nil)
		s := zmtp.NewSub(zmtp.Options{}, in.plain)
		s.Subscribe([]byte("ab"))
		dial(t, s, bound)
		z.want("x", "\x01ab")
		for _, f := range samples {
			z.send("x", "other")
			z.send("x", append([]string{"abc"}, f...)...)
			in.want(t, append([]string{"abc"}, f...)...)
		}
		s.Subscribe([]byte("ab"))
		s.Subscribe([]byte("c"))
		z.want("x", "\x01c")
		s.Unsubscribe([]byte("ab"))
		s.Unsubscribe([]byte("ab"))
		z.want("x", "\x00ab")
		s.Unsubscribe([]byte("never"))

		pub := z.bind("p", "PUB", libzmqAny(otherEndpoint(endpoint)), nil)
		must(t, s.Dial(pub))
		// A PUB does not say when it has the subscription: publish until something arrives.
		for arrived := false; !arrived; {
			z.send("p", "c", "data")
			select {
			case m := <-in:
				if short(m.frames) != short([]string{"c", "data"}) {
					t.Fatalf("got %s", short(m.frames))
				}
				arrived = true
			default:
			}
		}
	})
}

func TestLibzmqHeartbeatsAreAnswered(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		z, in := startLibzmq(t), newInbox()
		o, connected, disconnected := events()
		r := zmtp.NewRouter(o, in.routed)
		z.connect("d", "DEALER", listen(t, r, endpoint), options{"HEARTBEAT_IVL": 10, "HEARTBEAT_TIMEOUT": 1500, "HEARTBEAT_TTL": 3000})
		id := next(t, connected).Identity()
		if got := z.recv("d", 2500); got != nil { // longer than the timeout, nothing but heartbeats
			t.Fatalf("got %s", short(got))
		}
		// Heartbeats come between the frames of a message too.
		for range 20 {
			must(t, r.Send(id, bytesOf(samples[3]...)))
			z.want("d", samples[3]...)
			z.send("d", samples[4]...)
			in.want(t, samples[4]...)
		}
		select {
		case <-disconnected:
			t.Fatal("libzmq gave the connection up")
		default:
		}
	})
}
