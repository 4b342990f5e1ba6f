package runner

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"unicode/utf8"
)

// pipeSize is the capacity asked for the child's pipes, and so the most that can be in one at any moment.
const pipeSize = 1 << 20

// maxPending is how much undelivered output is held before the child is made to wait.
const maxPending = 4 << 20

// maxTail is how much of stderr is remembered to find the announcement of a crash in it.
const maxTail = 4 << 10

// outputs collects what the child writes to its descriptors 1 and 2 until it is delivered.
//
// Completeness rests on the order of system calls: what was written before the child sent a result is in the pipe, or read,
// when the result arrives. So drain, which empties the pipes without waiting, is all it takes; the child's code needs no help
// with it, and nothing it does to its own descriptors can make drain wait.
type outputs struct {
	streams [2]*stream
	shared  *shared       // with the child; nil: there is no line
	kick    chan struct{} // signals that something is pending; capacity 1, as a second signal says nothing more

	mu      sync.Mutex
	space   sync.Cond         // pending got smaller, or closed
	job     string            // whom output belongs to; guarded by mu, like all below
	names   map[uint64]string // the queued tasks without a result, see line.go
	lined   uint64            // the queued task that job was last set by
	pending []chunk
	size    int
	hold    bool // the child is dying and writes its dump to stderr: keep stderr for a closer look
	closed  bool
	limit   int64
	tail    []byte // the last of what came on stderr, delivered or not
}

type chunk struct {
	job    string
	stream *stream
	text   []byte
}

// stream is one of stdout and stderr.
type stream struct {
	name  string
	file  *os.File
	conn  syscall.RawConn
	buf   []byte // guarded by outputs.mu, like all below
	used  int64  // bytes of the current job
	noted bool
	carry []byte // the beginning of a character whose rest has not come
}

func newOutputs(stdout, stderr *os.File, page *shared, limit int64) (*outputs, error) {
	o := &outputs{shared: page, kick: make(chan struct{}, 1), limit: limit}
	o.space.L = &o.mu
	for i, f := range []*os.File{stdout, stderr} {
		conn, err := f.SyscallConn()
		if err != nil {
			return nil, fmt.Errorf("read output: %w", err)
		}
		o.streams[i] = &stream{name: [...]string{"stdout", "stderr"}[i], file: f, conn: conn, buf: make([]byte, 64<<10)}
	}
	return o, nil
}

// read takes what comes on s until its end; it is a goroutine's body.
func (o *outputs) read(s *stream) {
	for {
		var end bool
		err := s.conn.Read(func(fd uintptr) bool {
			o.mu.Lock()
			defer o.mu.Unlock()
			for o.size >= maxPending && !o.closed {
				o.space.Wait()
			}
			o.reads(true)
			defer o.reads(false)
			n, err := readFile(fd, s.buf)
			if err == syscall.EAGAIN {
				return false // wait for the descriptor
			}
			end = n == 0 || err != nil && err != syscall.EINTR
			o.add(s, s.buf[:max(n, 0)])
			return true
		})
		if err != nil || end {
			return
		}
	}
}

// drain takes everything that is in the pipes at this moment.
func (o *outputs) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reads(true)
	defer o.reads(false)
	for _, s := range o.streams {
		for total := 0; total < pipeSize; { // more than a pipe holds was written after the call
			n := 0
			err := s.conn.Control(func(fd uintptr) { n, _ = readFile(fd, s.buf) })
			if err != nil || n <= 0 {
				break
			}
			total += n
			o.add(s, s.buf[:n])
		}
	}
}

// reads tells the child that what is not in the pipes any more may not be noted yet. Callers hold mu.
func (o *outputs) reads(now bool) {
	if o.shared != nil {
		o.shared.reads(now)
	}
}

// add appends text to what is pending. Callers hold mu.
func (o *outputs) add(s *stream, text []byte) {
	if len(text) == 0 {
		return
	}
	o.follow()
	if s == o.streams[1] {
		o.tail = append(o.tail, text...)
		if n := len(o.tail); !o.hold && n > 2*maxTail || n > maxTail+maxDump {
			o.tail = append([]byte(nil), o.tail[n-maxTail:]...)
		}
	}
	room := o.limit - s.used
	s.used += int64(len(text))
	if int64(len(text)) > room {
		text = text[:max(room, 0)]
		defer o.note(s)
	}
	o.push(s, text)
}

func (o *outputs) note(s *stream) {
	if !s.noted {
		s.noted = true
		o.push(o.streams[1], fmt.Appendf(nil, "\n[%s truncated after %d bytes]\n", s.name, o.limit))
	}
}

func (o *outputs) push(s *stream, text []byte) {
	if len(text) == 0 {
		return
	}
	o.size += len(text)
	if n := len(o.pending); n > 0 && o.pending[n-1].stream == s && o.pending[n-1].job == o.job {
		o.pending[n-1].text = append(o.pending[n-1].text, text...)
	} else {
		o.pending = append(o.pending, chunk{job: o.job, stream: s, text: append([]byte(nil), text...)})
	}
	select {
	case o.kick <- struct{}{}:
	default:
	}
}

// switchTo makes job the owner of what is written from here on.
func (o *outputs) switchTo(job string) {
	o.drain()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.own(job)
}

// take returns what is to be delivered. A character that has only come in part is kept back, unless all is asked for or it
// belongs to over, which has ended.
func (o *outputs) take(all bool, over string) []chunk {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out, kept []chunk
	last := map[*stream]int{}
	for _, c := range o.pending {
		if o.hold && c.stream == o.streams[1] {
			kept = append(kept, c)
			continue
		}
		if len(c.stream.carry) > 0 {
			c.text = append(c.stream.carry, c.text...)
			c.stream.carry = nil
		}
		last[c.stream] = len(out)
		out = append(out, c)
	}
	ended := func(job string) bool { return all || over != "" && job == over }
	for s, i := range last {
		if !ended(out[i].job) {
			out[i].text, s.carry = splitPartial(out[i].text)
		}
	}
	if ended(o.job) {
		for _, s := range o.streams {
			if len(s.carry) > 0 {
				out = append(out, chunk{job: o.job, stream: s, text: s.carry})
				s.carry = nil
			}
		}
	}
	o.pending, o.size = kept, 0
	for _, c := range kept {
		o.size += len(c.text)
	}
	o.space.Broadcast()
	return out
}

// splitPartial splits off the last bytes of text if they are the beginning of a longer UTF-8 sequence.
func splitPartial(text []byte) (whole, partial []byte) {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if b := text[len(text)-i]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-i:]) {
				cut := len(text) - i
				return text[:cut:cut], append([]byte(nil), text[cut:]...)
			}
			break
		}
	}
	return text, nil
}

// dying keeps stderr back from here on, see hold.
func (o *outputs) dying() {
	o.mu.Lock()
	o.hold = true
	o.mu.Unlock()
}

// held ends dying and lets cut remove the dump from what was kept back.
func (o *outputs) held(cut func(text []byte) []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.hold {
		return
	}
	o.hold = false
	var all []byte
	var rest []chunk
	job := o.job
	for _, c := range o.pending {
		if c.stream == o.streams[1] {
			all, job = append(all, c.text...), c.job
		} else {
			rest = append(rest, c)
		}
	}
	if all = cut(all); len(all) > 0 {
		rest = append(rest, chunk{job: job, stream: o.streams[1], text: all})
	}
	o.pending = rest
}

// close ends the readers and closes the pipes.
func (o *outputs) close() error {
	o.mu.Lock()
	o.closed = true
	o.space.Broadcast()
	o.mu.Unlock()
	var err error
	for _, s := range o.streams {
		if e := s.file.Close(); err == nil {
			err = e
		}
	}
	return err
}
