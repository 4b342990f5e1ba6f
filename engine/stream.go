package engine

import (
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

// stream is the standard output or error of a worker.
type stream struct {
	name string
	pipe *os.File
	to   func(name string, text []byte)

	waiting atomic.Bool // the reader has handed on all it read
}

// read hands on what the process writes, until it has ended.
func (s *stream) read() {
	b := make([]byte, 64<<10)
	for {
		s.waiting.Store(true)
		n, err := s.pipe.Read(b)
		s.waiting.Store(false)
		if n > 0 {
			s.to(s.name, b[:n])
		}
		if err != nil {
			return
		}
	}
}

// drainTime bounds how long the end of a task waits for its output.
const drainTime = 200 * time.Millisecond

// drain waits until what was written so far is handed on: nothing is in the pipe, and the reader waits for more, twice,
// because it may be about to take note of what it got.
func (s *stream) drain() {
	quiet := 0
	for end := time.Now().Add(drainTime); quiet < 2 && time.Now().Before(end); {
		if s.waiting.Load() && pending(s.pipe) == 0 {
			quiet++
		} else {
			quiet = 0
		}
		runtime.Gosched()
	}
}
