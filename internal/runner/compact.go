package runner

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/gopar-project/gopar/internal/native"
)

// Calls and their results come by the thousand. Their headers are not JSON but fields one after the other, and the content
// of a task, which is JSON already, travels as the first buffer, untouched.
const (
	compactQueue  = 'q' // as compactCall
	compactCall   = 'c' // seq, id, number of objects, hash and path of each; buffers: content, arguments
	compactResult = 'r' // seq, nanoseconds of start and end; buffers: results
)

// maxCompact bounds the objects of a call; the engine's own bound is lower.
const maxCompact = 1 << 20

var errCompact = errors.New("frame with a bad header")

// compact returns f's header in the short form and the buffers that belong to it; ok is false for what has no short form.
func (f *frame) compact() (header []byte, buffers [][]byte, ok bool) {
	switch {
	case (f.Kind == kindCall || f.Kind == kindQueue) && f.Task != nil:
		t := f.Task
		size := 32 + len(t.ID)
		for _, o := range t.Load {
			size += 8 + len(o.Hash) + len(o.Path)
		}
		kind := byte(compactCall)
		if f.Kind == kindQueue {
			kind = compactQueue
		}
		header = append(make([]byte, 0, size), kind)
		header = binary.AppendUvarint(header, f.Seq)
		header = appendText(header, t.ID)
		header = binary.AppendUvarint(header, uint64(len(t.Load)))
		for _, o := range t.Load {
			header = appendText(appendText(header, o.Hash), o.Path)
		}
		buffers = append(append(make([][]byte, 0, 1+len(f.Buffers)), t.Content), f.Buffers...)
		return header, buffers, true
	case f.Kind == kindResult && f.Result != nil:
		o := f.Result
		if o.Value != nil || o.Payload != nil || o.Error != nil || o.Abandoned || o.Dropped {
			return nil, nil, false
		}
		header = append(make([]byte, 0, 32), compactResult)
		header = binary.AppendUvarint(header, f.Seq)
		header = binary.AppendVarint(header, o.Started.UnixNano())
		header = binary.AppendVarint(header, o.Ended.UnixNano())
		return header, f.Buffers, true
	}
	return nil, nil, false
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// expand decodes a header in the short form and gives buffers their places.
func (f *frame) expand(header []byte, buffers [][]byte) error {
	if len(header) == 0 {
		return errCompact
	}
	d := fields{rest: header[1:]}
	f.Seq = d.number()
	switch header[0] {
	case compactCall, compactQueue:
		t := &Task{ID: d.text()}
		n := d.number()
		if n > maxCompact || len(buffers) == 0 {
			return errCompact
		}
		for range n {
			t.Load = append(t.Load, native.Object{Hash: d.text(), Path: d.text()})
			if d.bad {
				return errCompact
			}
		}
		t.Content = buffers[0]
		f.Kind, f.Task, f.Buffers = kindCall, t, buffers[1:]
		if header[0] == compactQueue {
			f.Kind = kindQueue
		}
	case compactResult:
		o := &outcome{Started: time.Unix(0, d.signed()), Ended: time.Unix(0, d.signed())}
		f.Kind, f.Result, f.Buffers = kindResult, o, buffers
	default:
		return errCompact
	}
	if d.bad || len(d.rest) > 0 {
		return errCompact
	}
	return nil
}

// fields reads the fields of a header; bad is set when there are fewer.
type fields struct {
	rest []byte
	bad  bool
}

func (d *fields) number() uint64 {
	v, n := binary.Uvarint(d.rest)
	d.skip(n)
	return v
}

func (d *fields) signed() int64 {
	v, n := binary.Varint(d.rest)
	d.skip(n)
	return v
}

func (d *fields) text() string {
	n := d.number()
	if d.bad || n > uint64(len(d.rest)) {
		d.bad = true
		return ""
	}
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s
}

// skip drops the n bytes of a number; n ≤ 0 says that there is none.
func (d *fields) skip(n int) {
	if n <= 0 {
		d.bad, d.rest = true, nil
		return
	}
	d.rest = d.rest[n:]
}
