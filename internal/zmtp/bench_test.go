//go:build unix

package zmtp_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// The benchmarks run each exchange over this package's sockets and over zmq4's own, for comparison. cpu-us/op is the processor time of
// both ends, system calls included.

var oneFrame = [][]byte{make([]byte, 100)}

// sevenFrames is a Jupyter message's shape.
var sevenFrames = [][]byte{
	[]byte("<IDS|MSG>"), make([]byte, 64), make([]byte, 180), make([]byte, 180), []byte("{}"), make([]byte, 60), make([]byte, 100),
}

// cpu reports the processor time per operation.
func cpu(b *testing.B, run func()) {
	b.ReportAllocs()
	before := processorTime(b)
	b.ResetTimer()
	run()
	b.StopTimer()
	b.ReportMetric(float64(processorTime(b)-before)/float64(time.Microsecond)/float64(b.N), "cpu-us/op")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func eachShape(b *testing.B, f func(b *testing.B, frames [][]byte)) {
	b.Run("1frame", func(b *testing.B) { f(b, oneFrame) })
	b.Run("7frames", func(b *testing.B) { f(b, sevenFrames) })
}

func BenchmarkPingPong(b *testing.B) {
	b.Run("zmtp", func(b *testing.B) { eachShape(b, pingPong) })
	b.Run("zmq4", func(b *testing.B) { eachShape(b, pingPongZmq4) })
}

func pingPong(b *testing.B, frames [][]byte) {
	var r *zmtp.Router
	r = zmtp.NewRouter(zmtp.Options{}, func(from string, f [][]byte) {
		if err := r.Send(from, f); err != nil {
			b.Error(err)
		}
	})
	back := make(chan struct{}, 1)
	d := zmtp.NewDealer(zmtp.Options{}, func([][]byte) { back <- struct{}{} })
	dial(b, d, listen(b, r, "tcp://127.0.0.1:0"))
	cpu(b, func() {
		for range b.N {
			must(b, d.Send(frames))
			<-back
		}
	})
}

func pingPongZmq4(b *testing.B, frames [][]byte) {
	r, d := zmq4Pair(b, 1)
	var echo sync.WaitGroup
	echo.Go(func() { echoZmq4(r, b.N) })
	msg := zmq4.NewMsgFrom(frames...)
	cpu(b, func() {
		for range b.N {
			must(b, d[0].SendMulti(msg))
			if _, err := d[0].Recv(); err != nil {
				b.Fatal(err)
			}
		}
	})
	echo.Wait()
}

// zmq4Pair connects n of zmq4's DEALERs to a ROUTER of its.
func zmq4Pair(b *testing.B, n int) (r zmq4.Socket, dealers []zmq4.Socket) {
	r = zmq4.NewRouter(context.Background())
	b.Cleanup(func() { r.Close() })
	must(b, r.Listen("tcp://127.0.0.1:0"))
	for range n {
		d := zmq4.NewDealer(context.Background())
		b.Cleanup(func() { d.Close() })
		must(b, d.Dial("tcp://"+r.Addr().String()))
		dealers = append(dealers, d)
	}
	return r, dealers
}

func echoZmq4(r zmq4.Socket, n int) {
	for range n {
		m, err := r.Recv()
		if err != nil {
			return
		}
		if r.SendMulti(m) != nil {
			return
		}
	}
}

func BenchmarkOneWay(b *testing.B) {
	b.Run("zmtp", func(b *testing.B) { eachShape(b, oneWay) })
	b.Run("zmq4", func(b *testing.B) { eachShape(b, oneWayZmq4) })
}

// window is how far a one-way sender may be ahead, in units of ackEvery messages.
const (
	window   = 64
	ackEvery = 64
)

func oneWay(b *testing.B, frames [][]byte) {
	acks := make(chan struct{}, window)
	done := make(chan struct{})
	n := 0
	r := zmtp.NewRouter(zmtp.Options{}, func(string, [][]byte) {
		if n++; n%ackEvery == 0 {
			acks <- struct{}{}
		}
		if n == b.N {
			close(done)
		}
	})
	d := zmtp.NewDealer(zmtp.Options{}, nil)
	dial(b, d, listen(b, r, "tcp://127.0.0.1:0"))
	cpu(b, func() {
		for i := range b.N {
			must(b, d.Send(frames))
			if i >= window*ackEvery/2 && i%ackEvery == 0 {
				<-acks
			}
		}
		<-done
	})
}

func oneWayZmq4(b *testing.B, frames [][]byte) {
	r, d := zmq4Pair(b, 1)
	var recv sync.WaitGroup
	recv.Go(func() {
		for range b.N {
			if _, err := r.Recv(); err != nil {
				return
			}
		}
	})
	msg := zmq4.NewMsgFrom(frames...)
	cpu(b, func() {
		for range b.N {
			must(b, d[0].SendMulti(msg))
		}
		recv.Wait()
	})
}

// BenchmarkRoute echoes messages of many peers through a ROUTER; each peer has a few under way.
func BenchmarkRoute(b *testing.B) {
	for _, peers := range []int{10, 100} {
		b.Run(fmt.Sprintf("zmtp/%dpeers", peers), func(b *testing.B) { route(b, peers) })
		b.Run(fmt.Sprintf("zmq4/%dpeers", peers), func(b *testing.B) { routeZmq4(b, peers) })
	}
}

const credits = 4

func route(b *testing.B, peers int) {
	var r *zmtp.Router
	r = zmtp.NewRouter(zmtp.Options{}, func(from string, f [][]byte) {
		if err := r.Send(from, f); err != nil {
			b.Error(err)
		}
	})
	bound := listen(b, r, "tcp://127.0.0.1:0")
	back := make(chan *zmtp.Dealer, peers*credits)
	for range peers {
		var d *zmtp.Dealer
		d = zmtp.NewDealer(zmtp.Options{}, func([][]byte) { back <- d })
		dial(b, d, bound)
		must(b, d.Send(sevenFrames))
		<-back
		for range credits {
			back <- d
		}
	}
	cpu(b, func() {
		for range b.N {
			must(b, (<-back).Send(sevenFrames))
		}
		for range peers * credits {
			<-back
		}
	})
}

func routeZmq4(b *testing.B, peers int) {
	r, dealers := zmq4Pair(b, peers)
	back := make(chan zmq4.Socket, peers*credits)
	var readers sync.WaitGroup
	for _, d := range dealers {
		readers.Go(func() {
			for {
				if _, err := d.Recv(); err != nil {
					return
				}
				back <- d
			}
		})
		for range credits {
			back <- d
		}
	}
	readers.Go(func() { echoZmq4(r, b.N) })
	msg := zmq4.NewMsgFrom(sevenFrames...)
	cpu(b, func() {
		for range b.N {
			must(b, (<-back).SendMulti(msg))
		}
		for range peers * credits {
			<-back
		}
	})
	for _, d := range dealers {
		d.Close()
	}
	readers.Wait()
}

// BenchmarkPublish publishes to 10 subscribers.
func BenchmarkPublish(b *testing.B) {
	o, subscribed := subscriptions()
	p := zmtp.NewPub(o)
	bound := listen(b, p, "tcp://127.0.0.1:0")
	const subscribers = 10
	got := make(chan struct{}, window*subscribers)
	for range subscribers {
		n := 0
		s := zmtp.NewSub(zmtp.Options{}, func([][]byte) {
			if n++; n%ackEvery == 0 {
				got <- struct{}{}
			}
		})
		s.Subscribe([]byte("topic"))
		dial(b, s, bound)
		wantSubscription(b, subscribed, "topic", true)
	}
	msg := [][]byte{[]byte("topic"), make([]byte, 200)}
	cpu(b, func() {
		for i := range b.N {
			must(b, p.Send(msg))
			if i >= window*ackEvery/2 && i%ackEvery == 0 {
				for range subscribers {
					<-got
				}
			}
		}
	})
}

// BenchmarkLarge sends 1 MiB frames one way.
func BenchmarkLarge(b *testing.B) {
	b.SetBytes(1 << 20)
	acks := make(chan struct{}, 16)
	r := zmtp.NewRouter(zmtp.Options{}, func(string, [][]byte) { acks <- struct{}{} })
	d := zmtp.NewDealer(zmtp.Options{}, nil)
	dial(b, d, listen(b, r, "tcp://127.0.0.1:0"))
	frames := [][]byte{make([]byte, 1<<20)}
	for range cap(acks) {
		acks <- struct{}{}
	}
	cpu(b, func() {
		for range b.N {
			<-acks
			must(b, d.Send(frames))
		}
		for range cap(acks) {
			<-acks
		}
	})
}

// BenchmarkCurve is what encryption costs: the same exchange without it and with it.
func BenchmarkCurve(b *testing.B) {
	server, client := keys(b)
	shapes := []struct {
		name   string
		frames [][]byte
	}{
		{"7frames", sevenFrames},
		{"1KiB", [][]byte{make([]byte, 1<<10)}},
		{"64KiB", [][]byte{make([]byte, 64<<10)}},
		{"16MiB", [][]byte{make([]byte, 16<<20)}},
	}
	for _, shape := range shapes {
		var size int64
		for _, f := range shape.frames {
			size += int64(len(f))
		}
		for _, c := range []struct {
			name       string
			ours, peer *zmtp.Curve
		}{
			{"clear", nil, nil},
			{"curve", &zmtp.Curve{Pair: server}, &zmtp.Curve{Pair: client, Server: server.Public}},
		} {
			b.Run(shape.name+"/"+c.name, func(b *testing.B) {
				b.SetBytes(size)
				flow(b, shape.frames, size, c.ours, c.peer)
			})
		}
	}
}

// flow sends b.N messages from a Dealer to a Router, with at most 64 MiB on their way.
func flow(b *testing.B, frames [][]byte, size int64, ours, peer *zmtp.Curve) {
	window := make(chan struct{}, max(2, min(256, 64<<20/size)))
	r := zmtp.NewRouter(zmtp.Options{Curve: ours}, func(string, [][]byte) { <-window })
	d := zmtp.NewDealer(zmtp.Options{Curve: peer}, func([][]byte) {})
	dial(b, d, listen(b, r, "tcp://127.0.0.1:0"))
	cpu(b, func() {
		for range b.N {
			window <- struct{}{}
			must(b, d.Send(frames))
		}
		for range cap(window) { // all have arrived
			window <- struct{}{}
		}
	})
}
