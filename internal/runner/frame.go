package runner

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/memory"
)

// The bounds of a frame. A header holds at most a displayed picture, a buffer a numeric slice.
const (
	maxHeader  = 256 << 20
	maxBuffers = 1 << 16
	maxBuffer  = 64 << 30
)

// The kinds of frames from parent to child.
const (
	kindRun       = "run"       // Seq, Job
	kindCall      = "call"      // Seq, Task; buffers
	kindQueue     = "queue"     // as kindCall, for a task in the line
	kindDrop      = "drop"      // Seq of a task in the line; with ID it is interrupted if it has begun
	kindInterrupt = "interrupt" // Seq of the job or task, 0: all
	kindAnswer    = "answer"    // Seq of the question or display, Text, Err
)

// The kinds of frames from child to parent.
const (
	kindReady   = "ready"
	kindResult  = "result"  // Seq, Result; buffers of a task
	kindDisplay = "display" // Seq, ID, Display; answered when the output before it is taken
	kindOutput  = "output"  // ID, Stream, Text
	kindInput   = "input"   // Seq, ID, Text: the prompt; Password
)

// frame is what travels on the pipes between parent and child: a header, JSON or compact, then buffers.
type frame struct {
	Kind     string
	Seq      uint64           `json:",omitempty"`
	ID       string           `json:",omitempty"`
	Job      *Job             `json:",omitempty"`
	Task     *Task            `json:",omitempty"`
	Result   *outcome         `json:",omitempty"`
	Display  *display.Message `json:",omitempty"`
	Stream   string           `json:",omitempty"`
	Text     string           `json:",omitempty"`
	Err      string           `json:",omitempty"`
	Password bool             `json:",omitempty"`

	Buffers [][]byte `json:"-"`
}

// outcome is the result of a job or task on the wire. Values of bundles stay as they were encoded.
type outcome struct {
	Value     map[string]json.RawMessage `json:",omitempty"`
	Payload   []display.Payload          `json:",omitempty"`
	Error     *Exception                 `json:",omitempty"`
	Abandoned bool                       `json:",omitempty"`
	Dropped   bool                       `json:",omitempty"`
	Started   time.Time
	Ended     time.Time
}

// frameWriter writes frames one at a time.
type frameWriter struct {
	mu sync.Mutex
	w  *bufio.Writer // guarded by mu
}

func newFrameWriter(w io.Writer) *frameWriter { return &frameWriter{w: bufio.NewWriterSize(w, 64<<10)} }

// send writes f; it blocks while the pipe is full.
func (w *frameWriter) send(f *frame) error {
	header, buffers, ok := f.compact()
	if !ok {
		var err error
		if header, err = json.Marshal(f); err != nil {
			return fmt.Errorf("encode %s frame: %w", f.Kind, err)
		}
		buffers = f.Buffers
	}
	if len(header) > maxHeader {
		return fmt.Errorf("%s frame of %d bytes is larger than %d", f.Kind, len(header), maxHeader)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var n [8]byte
	binary.LittleEndian.PutUint32(n[:4], uint32(len(header)))
	binary.LittleEndian.PutUint32(n[4:], uint32(len(buffers)))
	_, _ = w.w.Write(n[:]) // bufio keeps the first error for Flush
	_, _ = w.w.Write(header)
	for _, b := range buffers {
		binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
		_, _ = w.w.Write(n[:])
		_, _ = w.w.Write(b)
	}
	return w.w.Flush()
}

// readFrame reads one frame. Nothing is allocated that the peer has only announced, beyond a first portion.
func readFrame(r *bufio.Reader) (*frame, error) {
	var n [8]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, err
	}
	size, count := binary.LittleEndian.Uint32(n[:4]), binary.LittleEndian.Uint32(n[4:])
	if size > maxHeader || count > maxBuffers {
		return nil, errors.New("frame out of bounds")
	}
	header, err := readBytes(r, uint64(size))
	if err != nil {
		return nil, err
	}
	f := new(frame)
	short := size > 0 && header[0] != '{'
	if !short {
		if err := json.Unmarshal(header, f); err != nil {
			return nil, fmt.Errorf("decode frame: %w", err)
		}
	}
	for range count {
		if _, err := io.ReadFull(r, n[:]); err != nil {
			return nil, err
		}
		b, err := readBytes(r, binary.LittleEndian.Uint64(n[:]))
		if err != nil {
			return nil, err
		}
		f.Buffers = append(f.Buffers, b)
	}
	if short {
		if err := f.expand(header, f.Buffers); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func readBytes(r io.Reader, n uint64) ([]byte, error) {
	if n > maxBuffer {
		return nil, errors.New("frame out of bounds")
	}
	const portion = 256 << 20 // not touched before it comes
	b := memory.Buffer(int(min(n, portion)))
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	for have := uint64(len(b)); have < n; have = uint64(len(b)) {
		b = append(b, make([]byte, min(n-have, have))...) // doubles: as much as has already come
		if _, err := io.ReadFull(r, b[have:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// encodeBundle encodes each representation by itself. One that has no JSON form (a NaN) is left out; the text remains.
func encodeBundle(b display.Bundle) map[string]json.RawMessage {
	if b == nil {
		return nil
	}
	out := make(map[string]json.RawMessage, len(b))
	for mime, v := range b {
		if data, err := json.Marshal(v); err == nil {
			out[mime] = data
		}
	}
	return out
}

// decodeBundle makes a bundle of strings and of JSON values that are kept as they are. Bytes have become base64 text.
func decodeBundle(m map[string]json.RawMessage) display.Bundle {
	if m == nil {
		return nil
	}
	b := make(display.Bundle, len(m))
	for mime, raw := range m {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			b[mime] = s
		} else {
			b[mime] = raw
		}
	}
	return b
}
