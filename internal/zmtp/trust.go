package zmtp

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	// maxRefused is how many messages in a row a peer may send that the application refuses, before its connection is closed. An honest
	// one, with the key of an earlier hub for example, sends few.
	maxRefused = 32

	// refusalPause is how long a peer is not read after a refused message, so that one connection of a stranger costs no more than ten
	// checks of a signature a second.
	refusalPause = 100 * time.Millisecond

	// smallMessage is the size up to which a stranger's message needs no place in Options.MaxUnproven.
	smallMessage = 1 << 20
)

// errRefused is the kind of ends of connections whose messages the application refuses.
var errRefused = errors.New("zmtp: refused")

// judge acts on the application's verdict about a message of p. It runs on the reader's goroutine, as all that concerns trust.
func (p *Peer) judge(verdict error) error {
	p.release()
	if verdict == nil {
		p.trusted, p.refused = true, 0
		return nil
	}
	if p.refused++; p.refused == 1 {
		p.s.o.Log.Info("message refused", "peer", p.identity, "remote", p.remote(), "reason", verdict.Error())
	}
	if p.refused == maxRefused {
		p.s.o.Log.Info("connection closed: all its messages are refused", "peer", p.identity, "remote", p.remote())
		return fmt.Errorf("%w: %d messages in a row, the last one: %w", errRefused, maxRefused, verdict)
	}
	if !p.s.sleep(refusalPause) {
		return ErrClosed
	}
	return nil
}

// reserve finds room for n more bytes of a message, as long as nothing has shown that p is no stranger.
func (p *Peer) reserve(n int) error {
	if p.trusted {
		return nil
	}
	p.underway += int64(n)
	if p.underway <= smallMessage {
		return nil
	}
	if !p.s.unproven.take(p.underway-p.reserved, p.s.o.MaxUnproven) {
		return fmt.Errorf("%w: messages of unproven peers have more than %d bytes", ErrTooLarge, p.s.o.MaxUnproven)
	}
	p.reserved = p.underway
	return nil
}

// release gives back what reserve has taken.
func (p *Peer) release() {
	if p.reserved > 0 {
		p.s.unproven.give(p.reserved)
	}
	p.underway, p.reserved = 0, 0
}

// budget is a number of bytes that several peers share.
type budget struct {
	mu   sync.Mutex
	used int64 // guarded by mu
}

func (b *budget) take(n, limit int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > limit {
		return false
	}
	b.used += n
	return true
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
}

// census counts accepted connections, from the first byte to the end: all of them, and those of each host but this one. Others on this
// machine share its address, so they are not told apart.
type census struct {
	mu      sync.Mutex
	all     int            // guarded by mu
	hosts   map[string]int // guarded by mu
	refused uint64         // guarded by mu
}

// enter counts conn; it refuses it if there are as many as the options allow.
func (c *census) enter(conn net.Conn, o *Options) error {
	host := hostOf(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.all >= o.MaxPeers:
		c.refused++
		return fmt.Errorf("%w: %d connections are open", errRefused, c.all)
	case host != "" && c.hosts[host] >= o.MaxPeersPerHost:
		c.refused++
		return fmt.Errorf("%w: %d connections of %s are open", errRefused, c.hosts[host], host)
	}
	if c.hosts == nil {
		c.hosts = make(map[string]int)
	}
	c.all++
	if host != "" {
		c.hosts[host]++
	}
	return nil
}

// leave counts conn, which has ended.
func (c *census) leave(conn net.Conn) {
	host := hostOf(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if host == "" {
		return
	}
	if c.hosts[host]--; c.hosts[host] == 0 {
		delete(c.hosts, host)
	}
}

// worthSaying reports whether the log should hear of a refusal: less and less often.
func (c *census) worthSaying() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused&(c.refused-1) == 0
}

// hostOf returns the address of conn's peer without the port; empty for this machine.
func hostOf(conn net.Conn) string {
	a, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok || a.IP.IsLoopback() {
		return ""
	}
	return string(a.IP.To16())
}
