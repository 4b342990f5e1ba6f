package zmtp

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

const (
	// messageHead is what precedes the box in a MESSAGE: the command's name and the counter.
	messageHead = 1 + len(cmdMessage) + shortNonce

	// messageExtra is by how much a MESSAGE is longer than the frame in it: head, authenticator, flags.
	messageExtra = messageHead + overhead + 1

	// keepScratch is the largest buffer that a connection keeps for the next frame.
	keepScratch = 128 << 10

	// boxMore and boxCommand are a frame's flags inside the box.
	boxMore    = 0x01
	boxCommand = 0x02
)

// maxHead is the size of the longest frame header.
const maxHead = 9

// curveConn is a connection after CURVE's handshake. The frames that are written to it leave as MESSAGEs, each sealed; what MESSAGEs
// bring comes out as frames again. So the rest of the package frames messages the same way with and without CURVE.
//
// One goroutine may read while another writes.
type curveConn struct {
	net.Conn
	key *shared

	// The reader's.
	in      messageReader // of MESSAGEs
	inNonce string
	seen    counters
	box     []byte // scratch
	opened  []byte // the last frame, and scratch
	ready   []byte // the part of opened that has not been read

	// The writer's.
	outNonce string
	sent     counters
	partial  []byte // of a frame of which a part has been written
	scratch  []byte
	sealed   []byte     // for the network
	ends     []frameEnd // in sealed
}

// frameEnd says where a frame ends in what was written, and its MESSAGE in what goes out.
type frameEnd struct{ plain, sealed int }

func newCurveConn(conn net.Conn, r *bufio.Reader, s *secured, server bool, maxFrame int64) *curveConn {
	c := &curveConn{Conn: conn, key: s.key, inNonce: nonceServer, outNonce: nonceClient, seen: s.counters, sent: s.counters}
	if server {
		c.inNonce, c.outNonce = nonceClient, nonceServer
	}
	c.in = messageReader{r: r, maxFrame: maxFrame + int64(messageExtra)}
	return c
}

// Read returns bytes of the frames that came.
func (c *curveConn) Read(p []byte) (int, error) {
	if len(c.ready) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// next opens the next MESSAGE.
func (c *curveConn) next() error {
	if cap(c.opened) > keepScratch {
		c.opened = nil // before the next one is read
	}
	if _, err := c.in.r.Peek(1); err != nil {
		return err
	}
	h, err := c.in.readHeader()
	if err != nil {
		return err
	}
	if h.flags&flagMore != 0 || h.size < int64(messageExtra) {
		return fmt.Errorf("%w: flags %#x, %d bytes, which is no MESSAGE", errFrame, h.flags, h.size)
	}
	body, err := c.body(h.size)
	if err != nil {
		return err
	}
	c.ready, err = c.open(body)
	return err
}

// body reads the body of a MESSAGE. It is valid until the next call.
func (c *curveConn) body(size int64) ([]byte, error) {
	if size > keepScratch {
		return c.in.readBody(size)
	}
	if int64(cap(c.box)) < size {
		c.box = make([]byte, max(size, 1<<10))
	}
	body := c.box[:size]
	if _, err := io.ReadFull(c.in.r, body); err != nil {
		return nil, unexpected(err)
	}
	return body, nil
}

// open returns the frame in a MESSAGE. It is valid until the next call.
func (c *curveConn) open(body []byte) ([]byte, error) {
	if name := 1 + len(cmdMessage); body[0] != byte(len(cmdMessage)) || string(body[1:name]) != cmdMessage {
		return nil, fmt.Errorf("%w: %.20q after CURVE's handshake", errFrame, body[:name])
	}
	n := binary.BigEndian.Uint64(body[1+len(cmdMessage):])
	if err := c.seen.came(n); err != nil {
		return nil, err
	}
	// The plain text begins with the flags, where the last byte of a frame header has to be.
	if need := maxHead + len(body) - messageExtra; cap(c.opened) < need {
		c.opened = make([]byte, max(need, 1<<10))
	}
	opened, ok := c.key.open(c.opened[:maxHead-1], body[messageHead:], counted(c.inNonce, n))
	if !ok {
		return nil, fmt.Errorf("%w: a MESSAGE does not open", errCurve)
	}
	flags, size := opened[maxHead-1], len(opened)-maxHead
	if flags&^(boxMore|boxCommand) != 0 {
		return nil, fmt.Errorf("%w: flags %#x in a MESSAGE", errFrame, flags)
	}
	outer := flags & boxMore
	if flags&boxCommand != 0 {
		outer |= flagCommand
	}
	if size <= 255 {
		opened[maxHead-2], opened[maxHead-1] = outer, byte(size)
		return opened[maxHead-2:], nil
	}
	opened[0] = outer | flagLong
	binary.BigEndian.PutUint64(opened[1:], uint64(size))
	return opened, nil
}

// Write seals the frames in p, which may begin and end within one, and writes those that are whole. It returns how many bytes of p belong
// to frames that have been written; without an error these are all.
func (c *curveConn) Write(p []byte) (int, error) {
	taken, written := 0, 0
	for taken < len(p) {
		taken += c.take(p[taken:])
		if len(c.partial) == 0 {
			c.ends = append(c.ends, frameEnd{taken, len(c.sealed)})
		}
		if taken < len(p) && len(c.sealed) < writeChunk {
			continue
		}
		whole, err := c.flush()
		written = max(written, whole)
		if err != nil {
			return written, err
		}
	}
	return taken, nil
}

// take seals the frame at the start of p, or adds to the one that was begun, and returns the number of bytes it took.
func (c *curveConn) take(p []byte) int {
	if len(c.partial) == 0 {
		if h := headerOf(p); h.n > 0 && int64(len(p)-h.n) >= h.size {
			end := h.n + int(h.size)
			c.scratch = append(c.scratch[:0], inside(h.flags))
			c.scratch = append(c.scratch, p[h.n:end]...)
			c.seal(c.scratch)
			return end
		}
	}
	n := 0
	for h := headerOf(c.partial); h.n == 0; h = headerOf(c.partial) {
		if n == len(p) {
			return n
		}
		c.partial = append(c.partial, p[n])
		n++
	}
	h := headerOf(c.partial)
	whole := h.n + int(h.size)
	if cap(c.partial) < whole {
		c.partial = append(make([]byte, 0, whole), c.partial...)
	}
	more := min(whole-len(c.partial), len(p)-n)
	c.partial = append(c.partial, p[n:n+more]...)
	n += more
	if len(c.partial) < whole {
		return n
	}
	c.partial[h.n-1] = inside(h.flags)
	c.seal(c.partial[h.n-1:])
	c.partial = c.partial[:0]
	if cap(c.partial) > keepScratch {
		c.partial = nil
	}
	return n
}

// seal appends the MESSAGE of message, flags and body, to what goes out.
func (c *curveConn) seal(message []byte) {
	size := messageHead + overhead + len(message)
	if size > 255 {
		c.sealed = binary.BigEndian.AppendUint64(append(c.sealed, flagLong), uint64(size))
	} else {
		c.sealed = append(c.sealed, 0, byte(size))
	}
	c.sealed = append(append(c.sealed, byte(len(cmdMessage))), cmdMessage...)
	n := c.sent.next()
	c.sealed = binary.BigEndian.AppendUint64(c.sealed, n)
	c.sealed = c.key.seal(c.sealed, message, counted(c.outNonce, n))
}

// flush writes what is sealed. If that fails it returns the number of bytes of the current Write that were written in whole frames.
func (c *curveConn) flush() (plain int, err error) {
	if len(c.sealed) == 0 {
		return 0, nil
	}
	written, err := c.Conn.Write(c.sealed)
	for _, e := range c.ends {
		if e.sealed <= written {
			plain = e.plain
		}
	}
	c.sealed, c.ends = c.sealed[:0], c.ends[:0]
	for _, b := range []*[]byte{&c.sealed, &c.scratch} {
		if cap(*b) > keepBuffer {
			*b = nil
		}
	}
	return plain, err
}

// headerOf decodes the frame header at the start of p; a zero n says that p is too short.
func headerOf(p []byte) header {
	switch {
	case len(p) < 2 || p[0]&flagLong != 0 && len(p) < maxHead:
		return header{}
	case p[0]&flagLong == 0:
		return header{flags: p[0], size: int64(p[1]), n: 2}
	}
	return header{flags: p[0], size: int64(binary.BigEndian.Uint64(p[1:])), n: maxHead}
}

// inside returns a frame's flags as they are inside a box.
func inside(flags byte) byte {
	in := flags & flagMore
	if flags&flagCommand != 0 {
		in |= boxCommand
	}
	return in
}
