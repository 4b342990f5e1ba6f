//go:build unix

package zmtp

import (
	"net"
	"runtime"
	"testing"
	"time"
)

// accepted returns both ends of a connection.
func accepted(t *testing.T) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if there, err = net.Dial("tcp", l.Addr().String()); err == nil {
		here, err = l.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close(); there.Close() })
	return here, there
}

// TestOnlySilentHandshakesGiveWay is a busy machine: the oldest connections have not been looked at for long, but have something to say.
func TestOnlySilentHandshakesGiveWay(t *testing.T) {
	t.Parallel()
	h := newHandshakes()
	h.max = 3
	long := time.Now().Add(-time.Minute)
	var shakes []*shake
	var peers []net.Conn
	for range h.max {
		here, there := accepted(t)
		s, _, _ := h.tryEnter(here)
		s.since = long
		shakes, peers = append(shakes, s), append(peers, there)
	}
	newcomer, _ := accepted(t)
	// The first has not begun to read, the second has bytes to read, the third waits since a moment ago.
	if _, err := peers[1].Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	for !unread(shakes[1].Conn) {
		runtime.Gosched() // until loopback has delivered it
	}
	shakes[1].waiting.Store(1)
	shakes[2].waiting.Store(int64(time.Minute))
	if s, evicted, wait := h.tryEnter(newcomer); s != nil || evicted != nil || wait <= 0 || wait > h.grace {
		t.Fatalf("entered %v, evicted %v, wait %v: nobody has been silent for long", s, evicted, wait)
	}
	shakes[2].waiting.Store(1)
	if s, evicted, _ := h.tryEnter(newcomer); s == nil || evicted != shakes[2].Conn {
		t.Fatalf("entered %v, evicted %v: want the silent one", s, evicted)
	}
	if h.leave(shakes[2].Conn) || !h.leave(shakes[0].Conn) || !h.leave(shakes[1].Conn) || !h.leave(newcomer) {
		t.Error("the set does not know who is in it")
	}
}
