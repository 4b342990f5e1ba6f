package zmtp_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// rawPeer is a peer that speaks bytes.
type rawPeer struct {
	t testing.TB
	net.Conn
}

func dialRaw(t testing.TB, bound string) rawPeer {
	t.Helper()
	network, address, _ := strings.Cut(bound, "://")
	if network == "ipc" {
		network = "unix"
	}
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return newRaw(t, c)
}

func newRaw(t testing.TB, c net.Conn) rawPeer {
	t.Cleanup(func() { c.Close() })
	must(t, c.SetDeadline(time.Now().Add(patience)))
	return rawPeer{t, c}
}

// put sends bytes. A connection that the other side has closed is no failure.
func (r rawPeer) put(parts ...string) rawPeer {
	_, _ = r.Write([]byte(strings.Join(parts, "")))
	return r
}

// take reads n bytes.
func (r rawPeer) take(n int) string {
	r.t.Helper()
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		r.t.Fatalf("after %d bytes: %v", n, err)
	}
	return string(b)
}

// takeFrame reads one frame or command.
func (r rawPeer) takeFrame() (flags byte, body string) {
	r.t.Helper()
	h := r.take(2)
	size := uint64(h[1])
	if h[0]&2 != 0 {
		size = binary.BigEndian.Uint64([]byte(h[1:] + r.take(7)))
	}
	return h[0], r.take(int(size))
}

// shake completes a handshake as a socket of the kind.
func (r rawPeer) shake(kind, identity string) rawPeer {
	r.t.Helper()
	r.put(greeting(3), ready(kind, identity))
	r.take(64)
	r.takeFrame()
	return r
}

// ended waits until the other side closes the connection.
func (r rawPeer) ended() {
	r.t.Helper()
	_, err := io.Copy(io.Discard, r)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		r.t.Fatal("the connection was not closed")
	}
}

func greeting(version byte) string {
	b := make([]byte, 64)
	b[0], b[9], b[10] = 0xff, 0x7f, version
	copy(b[12:], "NULL")
	return string(b)
}

func frame(flags byte, body string) string {
	if len(body) < 256 {
		return string([]byte{flags, byte(len(body))}) + body
	}
	return longHeader(flags, uint64(len(body))) + body
}

// longHeader is the header of a frame that claims size bytes.
func longHeader(flags byte, size uint64) string {
	return string(binary.BigEndian.AppendUint64([]byte{flags | 2}, size))
}

func property(name, value string) string {
	return string([]byte{byte(len(name))}) + name + string(binary.BigEndian.AppendUint32(nil, uint32(len(value)))) + value
}

func ready(kind, identity string) string {
	return frame(4, "\x05READY"+property("Socket-Type", kind)+property("Identity", identity))
}
