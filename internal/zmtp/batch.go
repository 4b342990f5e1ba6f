package zmtp

import (
	"encoding/binary"
	"net"
)

const (
	// bigFrame is the size from which a frame is queued by reference instead of being copied.
	bigFrame = 32 << 10

	// keepBuffer is the largest encoding buffer that is kept for reuse; a peer that received one large message must not hold its size
	// for ever.
	keepBuffer = 256 << 10

	// writeChunk is the most that one write(2) carries, so that a full queue's accounting follows what a slow peer has taken.
	writeChunk = 1 << 20
)

// batch is a run of encoded messages and commands, ready for the wire.
type batch struct {
	data []byte  // encoded, without the big frames
	bigs []bigAt // big frames, in order
	size int64   // bytes on the wire

	keep  bool   // record marks, so that after works
	marks []mark // ends of messages and commands
}

// bigAt is a frame that goes out after data[:at]. Its bytes belong to whoever sent them.
type bigAt struct {
	at   int
	body []byte
}

// mark is the end of one message or command.
type mark struct {
	data, bigs int   // lengths of batch.data and batch.bigs there
	size       int64 // batch.size there
	command    bool
}

func (b *batch) empty() bool { return b.size == 0 }

// add appends one message. Frames of bigFrame bytes or more are referenced, smaller ones copied.
func (b *batch) add(frames [][]byte) {
	last := len(frames) - 1
	for i, f := range frames {
		var flags byte
		if i < last {
			flags = flagMore
		}
		b.frame(flags, f)
	}
	b.end(false)
}

// addCommand appends one command: a name and its argument.
func (b *batch) addCommand(name string, arg []byte) {
	body := make([]byte, 0, 1+len(name)+len(arg))
	body = append(body, byte(len(name)))
	body = append(body, name...)
	b.frame(flagCommand, append(body, arg...))
	b.end(true)
}

// addControl appends one message that is not for the application, such as a subscription: it is not sent again on another connection.
func (b *batch) addControl(body []byte) {
	b.frame(0, body)
	b.end(true)
}

func (b *batch) frame(flags byte, body []byte) {
	n := len(b.data)
	if len(body) > 255 {
		b.data = append(b.data, flags|flagLong)
		b.data = binary.BigEndian.AppendUint64(b.data, uint64(len(body)))
	} else {
		b.data = append(b.data, flags, byte(len(body)))
	}
	if len(body) >= bigFrame {
		b.size += int64(len(body))
		b.size += int64(len(b.data) - n)
		b.bigs = append(b.bigs, bigAt{len(b.data), body})
		return
	}
	b.data = append(b.data, body...)
	b.size += int64(len(b.data) - n)
}

func (b *batch) end(command bool) {
	if b.keep {
		b.marks = append(b.marks, mark{len(b.data), len(b.bigs), b.size, command})
	}
}

// join appends all of o.
func (b *batch) join(o *batch) {
	b.append(o, mark{}, mark{len(o.data), len(o.bigs), o.size, false})
	if b.keep && o.keep {
		base := mark{len(b.data) - len(o.data), len(b.bigs) - len(o.bigs), b.size - o.size, false}
		for _, m := range o.marks {
			b.marks = append(b.marks, mark{base.data + m.data, base.bigs + m.bigs, base.size + m.size, m.command})
		}
	} else {
		b.end(false)
	}
}

// append appends the part of o between two marks, without marks.
func (b *batch) append(o *batch, from, to mark) {
	shift := len(b.data) - from.data
	b.data = append(b.data, o.data[from.data:to.data]...)
	for _, g := range o.bigs[from.bigs:to.bigs] {
		b.bigs = append(b.bigs, bigAt{g.at + shift, g.body})
	}
	b.size += to.size - from.size
}

// after returns the messages of b, not the commands, of which not every byte is among the first n. b must keep marks.
func (b *batch) after(n int64) batch {
	out := batch{keep: true}
	var from mark
	for _, to := range b.marks {
		if to.size > n && !to.command {
			out.append(b, from, to)
			out.end(false)
		}
		from = to
	}
	return out
}

// reset empties b for reuse.
func (b *batch) reset() {
	if cap(b.data) > keepBuffer {
		b.data = nil
	}
	clear(b.bigs)
	b.data, b.bigs, b.marks, b.size = b.data[:0], b.bigs[:0], b.marks[:0], 0
}

// write writes b without its first skip bytes, in as few writes as writeChunk allows, and calls wrote after each.
func (b *batch) write(conn net.Conn, skip int64, wrote func(n int64)) error {
	var bufs net.Buffers // of the next write
	room := int64(writeChunk)
	flush := func() error {
		if len(bufs) == 0 {
			return nil
		}
		var n int64
		var err error
		if len(bufs) == 1 {
			var k int
			k, err = conn.Write(bufs[0])
			n = int64(k)
		} else {
			w := bufs // WriteTo consumes its receiver
			n, err = w.WriteTo(conn)
		}
		clear(bufs)
		bufs, room = bufs[:0], writeChunk
		wrote(n)
		return err
	}
	put := func(p []byte) error {
		if drop := min(skip, int64(len(p))); drop > 0 {
			p, skip = p[drop:], skip-drop
		}
		for len(p) > 0 {
			n := min(room, int64(len(p)))
			bufs = append(bufs, p[:n])
			p, room = p[n:], room-n
			if room == 0 {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		return nil
	}
	at := 0
	for _, g := range b.bigs {
		if err := put(b.data[at:g.at]); err != nil {
			return err
		}
		if err := put(g.body); err != nil {
			return err
		}
		at = g.at
	}
	if err := put(b.data[at:]); err != nil {
		return err
	}
	return flush()
}
