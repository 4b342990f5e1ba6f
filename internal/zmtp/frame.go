package zmtp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/gopar-project/gopar/internal/memory"
)

// Flags of a frame (ZMTP 3.0, RFC 23 "traffic").
const (
	flagMore    = 0x01
	flagLong    = 0x02
	flagCommand = 0x04
)

const (
	// readBuffer is a connection's read buffer. A message that fits is taken out of it with two allocations.
	readBuffer = 16 << 10

	// maxCommand limits a command's body. The longest legal ones are subscriptions.
	maxCommand = 64 << 10

	// firstChunk is the largest frame allocated on the strength of its header alone. Memory for a larger one grows by chunkGrowth as
	// its bytes arrive, so a peer can make us hold that many times what it sent.
	firstChunk  = 8 << 20
	chunkGrowth = 16
)

// errFrame is the kind of all violations of the framing; the connection that commits one is closed.
var errFrame = errors.New("zmtp: bad frame")

// ErrTooLarge says that a frame or message exceeds Options.MaxFrame, MaxMessage or MaxFrames.
var ErrTooLarge = errors.New("zmtp: frame or message too large")

// messageReader takes messages off a connection.
type messageReader struct {
	r          *bufio.Reader
	maxFrame   int64
	maxMessage int64
	maxFrames  int

	// command handles a command's body; it must not keep it. It is called between the frames of a message too, as libzmq's heartbeats
	// come there.
	command func(body []byte) error

	// reserve, if not nil, is asked before n bytes of memory are taken for a frame that the buffer cannot hold.
	reserve func(n int) error

	// The part of the buffered message that scan has seen; offsets count from its first byte.
	seen struct {
		pos    int   // where the next header starts
		frames int   // number of frames
		size   int64 // sum of their bodies
	}
}

// header is a decoded frame header.
type header struct {
	flags byte
	size  int64 // of the body
	n     int   // of the header itself
}

// parse decodes the header at the start of b. A zero n says that b is too short; in that case need bytes are enough to go on.
func (m *messageReader) parse(b []byte) (h header, need int, err error) {
	if len(b) < 2 {
		return h, 2, nil
	}
	h.flags = b[0]
	if h.flags&^(flagMore|flagLong|flagCommand) != 0 {
		return h, 0, fmt.Errorf("%w: flags %#x", errFrame, h.flags)
	}
	if h.flags&flagLong == 0 {
		h.size, h.n = int64(b[1]), 2
	} else {
		if len(b) < 9 {
			return h, 9, nil
		}
		size := binary.BigEndian.Uint64(b[1:9])
		if size > uint64(m.maxFrame) {
			return h, 0, fmt.Errorf("%w: a frame claims %d bytes, the limit is %d", ErrTooLarge, size, m.maxFrame)
		}
		h.size, h.n = int64(size), 9
	}
	if h.size > m.maxFrame {
		return h, 0, fmt.Errorf("%w: a frame claims %d bytes, the limit is %d", ErrTooLarge, h.size, m.maxFrame)
	}
	if h.flags&flagCommand != 0 {
		if h.flags&flagMore != 0 {
			return h, 0, fmt.Errorf("%w: command with more flag", errFrame)
		}
		if h.size > maxCommand {
			return h, 0, fmt.Errorf("%w: a command claims %d bytes, the limit is %d", ErrTooLarge, h.size, maxCommand)
		}
	}
	return h, 0, nil
}

func (m *messageReader) check(frames int, size int64) error {
	if frames > m.maxFrames {
		return fmt.Errorf("%w: a message has more than %d frames", ErrTooLarge, m.maxFrames)
	}
	if size > m.maxMessage {
		return fmt.Errorf("%w: a message claims %d bytes, the limit is %d", ErrTooLarge, size, m.maxMessage)
	}
	return nil
}

// read returns the next message. Its frames share no memory with the reader. It blocks until the message is complete; io.EOF comes
// only between messages.
func (m *messageReader) read() ([][]byte, error) {
	for {
		whole, need, err := m.scan()
		if err != nil {
			return nil, err
		}
		if whole {
			return m.take()
		}
		if need <= m.r.Size() {
			if _, err := m.r.Peek(m.r.Buffered() + 1); err != nil {
				if errors.Is(err, io.EOF) && m.r.Buffered() > 0 {
					err = io.ErrUnexpectedEOF
				}
				return nil, err
			}
			continue
		}
		frames, err := m.readFrames()
		if frames != nil || err != nil {
			return frames, err
		}
	}
}

// scan looks whether the buffer holds a whole message. If not, need is the number of bytes that must be buffered to see more of it;
// more than the buffer's size if it will never fit, or if a command has to be handled first.
func (m *messageReader) scan() (whole bool, need int, err error) {
	b, _ := m.r.Peek(m.r.Buffered()) // never fails: it asks for what is there
	s := &m.seen
	for {
		h, more, err := m.parse(b[min(s.pos, len(b)):])
		if err != nil {
			return false, 0, err
		}
		if h.n == 0 {
			return false, s.pos + more, nil
		}
		if h.flags&flagCommand != 0 {
			return false, m.r.Size() + 1, nil
		}
		if err := m.check(s.frames+1, s.size+h.size); err != nil {
			return false, 0, err
		}
		if end := int64(s.pos) + int64(h.n) + h.size; end > int64(len(b)) {
			return false, int(min(end, int64(m.r.Size())+1)), nil
		}
		s.pos += h.n + int(h.size)
		s.frames++
		s.size += h.size
		if h.flags&flagMore == 0 {
			return true, 0, nil
		}
	}
}

// take copies the message that scan found out of the buffer: one allocation for the bodies, one for the frames.
func (m *messageReader) take() ([][]byte, error) {
	s := m.seen
	m.seen.pos, m.seen.frames, m.seen.size = 0, 0, 0
	b, _ := m.r.Peek(s.pos) // never fails: scan saw it
	frames := make([][]byte, s.frames)
	bodies := make([]byte, 0, s.size)
	for i := range frames {
		h, _, err := m.parse(b)
		if err != nil {
			return nil, err
		}
		start := len(bodies)
		bodies = append(bodies, b[h.n:h.n+int(h.size)]...)
		frames[i] = bodies[start:len(bodies):len(bodies)]
		b = b[h.n+int(h.size):]
	}
	_, err := m.r.Discard(s.pos)
	return frames, err
}

// readFrames reads a message frame by frame, or one command before a message; in that case it returns nil, nil.
func (m *messageReader) readFrames() ([][]byte, error) {
	m.seen.pos, m.seen.frames, m.seen.size = 0, 0, 0
	var frames [][]byte
	var size int64
	for {
		h, err := m.readHeader()
		if err != nil {
			return nil, err
		}
		if h.flags&flagCommand != 0 {
			body, err := m.readBody(h.size)
			if err != nil {
				return nil, err
			}
			if err := m.command(body); err != nil {
				return nil, err
			}
			if frames == nil {
				return nil, nil
			}
			continue
		}
		if err := m.check(len(frames)+1, size+h.size); err != nil {
			return nil, err
		}
		body, err := m.readBody(h.size)
		if err != nil {
			return nil, err
		}
		frames = append(frames, body)
		size += h.size
		if h.flags&flagMore == 0 {
			return frames, nil
		}
	}
}

func (m *messageReader) readHeader() (header, error) {
	need := 2
	for {
		b, err := m.r.Peek(need)
		if err != nil {
			return header{}, unexpected(err)
		}
		h, more, err := m.parse(b)
		if err != nil {
			return header{}, err
		}
		if h.n > 0 {
			_, err = m.r.Discard(h.n)
			return h, err
		}
		need = more
	}
}

func (m *messageReader) readBody(size int64) ([]byte, error) {
	have := int64(0)
	if err := m.room(min(size, firstChunk)); err != nil {
		return nil, err
	}
	body := memory.Buffer(int(min(size, firstChunk)))
	for {
		n, err := io.ReadFull(m.r, body[have:])
		have += int64(n)
		if err != nil {
			return nil, unexpected(err)
		}
		if have == size {
			return body, nil
		}
		more := min(size, have*chunkGrowth)
		if err := m.room(more - have); err != nil {
			return nil, err
		}
		grown := memory.Buffer(int(more))
		copy(grown, body)
		body = grown
	}
}

// room asks for n bytes.
func (m *messageReader) room(n int64) error {
	if m.reserve == nil {
		return nil
	}
	return m.reserve(int(n))
}

// unexpected turns an end of file inside a message into io.ErrUnexpectedEOF.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
