package zmtp_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// signed is what the tests take for a signature.
const signed = "signed"

// judged returns options that accept what is signed, and an inbox of it.
func judged() (zmtp.Options, inbox, logged) {
	in, log := newInbox(), newLogged()
	return zmtp.Options{Log: log.logger(), Receive: func(p *zmtp.Peer, frames [][]byte) error {
		if string(frames[0]) != signed {
			return errors.New("not signed")
		}
		in <- message{p.Identity(), texts(frames)}
		return nil
	}}, in, log
}

func TestAStrangerIsCutOffAndOthersAreServed(t *testing.T) {
	t.Parallel()
	eachTransport(t, func(t *testing.T, endpoint string) {
		o, in, log := judged()
		r := zmtp.NewRouter(o, nil)
		bound := listen(t, r, endpoint)
		stranger := dialRaw(t, bound).shake("DEALER", "stranger")
		good := zmtp.NewDealer(zmtp.Options{Identity: []byte("good")}, newInbox().plain)
		dial(t, good, bound)
		go stranger.put(strings.Repeat(frame(0, "garbage"), 10000)) // it is read slowly
		for range 100 {
			must(t, good.Send(bytesOf(signed, "x")))
			if from := in.want(t, signed, "x"); from != "good" {
				t.Fatalf("from %q", from)
			}
		}
		log.want(t, "not signed")
		stranger.ended()
		log.want(t, "all its messages are refused")
	})
}

func TestAFewRefusedMessagesAreForgiven(t *testing.T) {
	t.Parallel()
	o, in, _ := judged()
	r := zmtp.NewRouter(o, nil)
	d := zmtp.NewDealer(zmtp.Options{}, newInbox().plain)
	dial(t, d, listen(t, r, "tcp://127.0.0.1:0"))
	for range 3 {
		for range 3 {
			must(t, d.Send(bytesOf("garbage")))
		}
		must(t, d.Send(bytesOf(signed)))
		in.want(t, signed)
	}
}

func TestStrangersShareALimitedAmountOfMemory(t *testing.T) {
	t.Parallel()
	o, in, _ := judged()
	o.MaxUnproven = 40 << 20
	r := zmtp.NewRouter(o, nil)
	bound := listen(t, r, "tcp://127.0.0.1:0")
	good := zmtp.NewDealer(zmtp.Options{}, newInbox().plain)
	dial(t, good, bound)
	must(t, good.Send(bytesOf(signed))) // it has proved itself
	in.want(t, signed)
	half := strings.Repeat("h", 9<<20)
	var holders []rawPeer
	for range 2 { // each holds 9 of 30 MiB, for which 30 MiB are taken once 8 have come
		c := dialRaw(t, bound).shake("DEALER", "")
		c.put(longHeader(0, 30<<20))
		go c.put(half)
		holders = append(holders, c)
	}
	third := dialRaw(t, bound).shake("DEALER", "")
	third.put(longHeader(0, 30<<20))
	go third.put(half)
	// 3 × 30 MiB are more than there are: at least one of the three has to go.
	ended := make(chan struct{}, 3)
	for _, c := range append(holders, third) {
		go func() { c.ended(); ended <- struct{}{} }()
	}
	next(t, ended)
	big := strings.Repeat("b", 60<<20)
	must(t, good.Send(bytesOf(signed, big)))
	in.want(t, signed, big)
	// A newcomer with something small is heard.
	d := zmtp.NewDealer(zmtp.Options{}, newInbox().plain)
	dial(t, d, bound)
	must(t, d.Send(bytesOf(signed, half[:1<<19])))
	in.want(t, signed, half[:1<<19])
	for _, c := range append(holders, third) {
		c.Close()
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	log := newLogged()
	r := zmtp.NewRouter(zmtp.Options{MaxPeers: 3, Log: log.logger()}, newInbox().routed)
	bound := listen(t, r, "tcp://127.0.0.1:0")
	var inside []rawPeer
	for range 3 {
		inside = append(inside, dialRaw(t, bound).shake("DEALER", ""))
	}
	dialRaw(t, bound).put(greeting(3)).ended()
	log.want(t, "3 connections are open")
	inside[0].Close()
	log.want(t, "connection ended")
	for ok := false; !ok; { // there is room as soon as the end has been noticed
		c := dialRaw(t, bound)
		c.put(greeting(3), ready("DEALER", ""))
		_, err := c.Read(make([]byte, 1))
		ok = err == nil
	}
}
