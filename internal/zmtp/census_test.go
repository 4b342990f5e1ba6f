package zmtp

import (
	"errors"
	"net"
	"testing"
)

// from is a connection of somebody.
type from struct {
	net.Conn
	addr net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.addr }

func TestConnectionsOfOneHostAreLimited(t *testing.T) {
	t.Parallel()
	conn := func(ip string) net.Conn { return from{addr: &net.TCPAddr{IP: net.ParseIP(ip), Port: 1}} }
	local := from{addr: &net.UnixAddr{Name: "x", Net: "unix"}}
	o := Options{MaxPeers: 8, MaxPeersPerHost: 2}
	var c census
	for _, step := range []struct {
		who net.Conn
		ok  bool
	}{
		{conn("192.0.2.1"), true}, {conn("192.0.2.1"), true}, {conn("192.0.2.1"), false},
		{conn("192.0.2.2"), true}, {conn("2001:db8::1"), true}, {conn("::ffff:192.0.2.1"), false},
		{conn("127.0.0.1"), true}, {conn("127.0.0.1"), true}, {conn("127.0.0.1"), true}, {local, true}, // this machine is one of many users
		{local, false}, {conn("192.0.2.3"), false}, // 8 in all
	} {
		if err := c.enter(step.who, &o); (err == nil) != step.ok || err != nil && !errors.Is(err, errRefused) {
			t.Fatalf("%v: %v", step.who.RemoteAddr(), err)
		}
	}
	c.leave(conn("192.0.2.1"))
	if err := c.enter(conn("192.0.2.1"), &o); err != nil {
		t.Errorf("after one has left: %v", err)
	}
	c.leave(conn("192.0.2.2"))
	if _, there := c.hosts[hostOf(conn("192.0.2.2"))]; there {
		t.Error("a host without connections is remembered")
	}
}
