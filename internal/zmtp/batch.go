package zmtp

import (
	"encoding/binary"
	"net"
	"sync"
)

const (
	// bigFrame is the size from which a frame is queued by reference instead of being copied.
	bigFrame = 32 << 10

	// newBuffer and keepBuffer are the sizes of the smallest and the largest encoding buffer that is used again.
	newBuffer  = 4 << 10
	keepBuffer = 4 << 20

	// keepMarks is the largest number of marks, and of big frames, for which a batch keeps room.
	keepMarks = 4 << 10

	// writeChunk is the most that one write(2) carries, so that a full queue's accounting follows what a slow peer has taken.
	writeChunk = 1 << 20
)

// buffers are encoding buffers, *[]byte, that no batch uses. All peers share them, so that one that was busy once holds no memory.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, newBuffer); return &b }}

// batch is a run of encoded messages and commands, ready for the wire.
type batch struct {
	home *[]byte // where data's memory came from; nil if data is nil
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
	b.open()
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

// open makes sure that b has a buffer.
func (b *batch) open() {
	if b.home == nil {
		b.home = buffers.Get().(*[]byte)
		b.data = *b.home
	}
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
	b.open()
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
	if b.home != nil && cap(b.data) <= keepBuffer {
		*b.home = b.data[:0]
		buffers.Put(b.home)
	}
	clear(b.bigs)
	b.home, b.data, b.bigs, b.marks, b.size = nil, nil, b.bigs[:0], b.marks[:0], 0
	if max(cap(b.marks), cap(b.bigs)) > keepMarks {
		b.bigs, b.marks = nil, nil
	}
}

// write writes b in as few writes as writeChunk allows, and calls wrote after each.
func (b *batch) write(conn net.Conn, wrote func(n int64)) error {
	if len(b.bigs) == 0 && b.size <= writeChunk {
		n, err := conn.Write(b.data)
		wrote(int64(n))
		return err
	}
	w := gather{conn: conn, wrote: wrote}
	at := 0
	for _, g := range b.bigs {
		if err := w.put(b.data[at:g.at]); err != nil {
			return err
		}
		if err := w.put(g.body); err != nil {
			return err
		}
		at = g.at
	}
	if err := w.put(b.data[at:]); err != nil {
		return err
	}
	return w.flush()
}

// gather writes pieces in chunks of writeChunk bytes.
type gather struct {
	conn  net.Conn
	wrote func(n int64)
	next  net.Buffers // the next chunk
	size  int         // of next
}

func (w *gather) put(p []byte) error {
	for len(p) > 0 {
		n := min(writeChunk-w.size, len(p))
		w.next = append(w.next, p[:n])
		w.size += n
		p = p[n:]
		if w.size == writeChunk {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *gather) flush() error {
	if w.size == 0 {
		return nil
	}
	left := w.next // WriteTo consumes it
	n, err := left.WriteTo(w.conn)
	w.wrote(n)
	clear(w.next)
	w.next, w.size = w.next[:0], 0
	return err
}
