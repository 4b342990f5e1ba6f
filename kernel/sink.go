package kernel

import (
	"context"
	"sync"
	"unicode/utf8"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/jupyter"
)

// remembered is how many requests keep their outputs apart: goroutines that a
// cell left behind print under its header as long as it is one of the latest.
const remembered = 256

// sink publishes what cells show under the request that ran them. It is the
// runner.Sink of the kernel's evaluator.
type sink struct {
	k *Kernel

	mu      sync.Mutex
	parents map[string]parent     // guarded by mu: by message id
	order   []string              // guarded by mu: keys of parents, oldest first
	last    *jupyter.Message      // guarded by mu: parent of output of unknown origin
	partial map[partialKey][]byte // guarded by mu: bytes of a character that is not complete
}

// parent is a request that may still have output.
type parent struct {
	message    *jupyter.Message
	allowStdin bool
}

type partialKey struct{ job, stream string }

func newSink(k *Kernel) *sink {
	return &sink{k: k, parents: make(map[string]parent), partial: make(map[partialKey][]byte)}
}

// adopt makes m the parent of what is shown under its message id.
func (s *sink) adopt(m *jupyter.Message, allowStdin bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := m.Header.MsgID
	if _, ok := s.parents[id]; !ok {
		s.order = append(s.order, id)
	}
	s.parents[id] = parent{message: m, allowStdin: allowStdin}
	s.last = m
	if len(s.order) > remembered {
		delete(s.parents, s.order[0])
		s.order = s.order[1:]
	}
}

// parentOf returns the request that the output of job belongs to; the latest
// when it is not known any more.
func (s *sink) parentOf(job string) parent {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.parents[job]; ok {
		return p
	}
	return parent{message: s.last}
}

// Output publishes text as a stream. A character whose bytes come in two parts
// is published when it is complete.
func (s *sink) Output(job, stream string, text []byte) {
	key := partialKey{job, stream}
	s.mu.Lock()
	if p := s.partial[key]; len(p) > 0 {
		text = append(p, text...)
		delete(s.partial, key)
	}
	if n := incomplete(text); n > 0 {
		s.partial[key] = append([]byte(nil), text[len(text)-n:]...)
		text = text[:len(text)-n]
	}
	s.mu.Unlock()
	s.stream(job, stream, text)
}

// flush publishes what is left of job's characters, complete or not.
func (s *sink) flush(job string) {
	for _, stream := range []string{"stdout", "stderr"} {
		key := partialKey{job, stream}
		s.mu.Lock()
		text := s.partial[key]
		delete(s.partial, key)
		s.mu.Unlock()
		s.stream(job, stream, text)
	}
}

func (s *sink) stream(job, stream string, text []byte) {
	if len(text) > 0 {
		s.k.publish(s.parentOf(job).message, "stream", jupyter.Stream{Name: stream, Text: string(text)})
	}
}

// incomplete returns how many bytes at the end of text begin a character that
// more bytes may complete.
func incomplete(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		tail := text[len(text)-n:]
		if utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// Display publishes a display message.
func (s *sink) Display(job string, m display.Message) {
	request := s.parentOf(job).message
	switch m.Type {
	case display.ClearOutput:
		s.k.publish(request, m.Type, jupyter.ClearOutput{Wait: m.Wait})
	case display.DisplayData, display.UpdateDisplayData:
		s.k.publish(request, m.Type, jupyter.DisplayData{
			Data:      wireBundle(m.Data),
			Metadata:  wireMetadata(m.Metadata),
			Transient: jupyter.Transient{DisplayID: m.DisplayID},
		})
	default:
		s.k.log.Info("display message of unknown type dropped", "type", m.Type)
	}
}

// Input asks the front end whose cell job is. The wait ends with ctx, with an
// interrupt, and with the cell.
func (s *sink) Input(ctx context.Context, job, prompt string, password bool) (string, error) {
	p := s.parentOf(job)
	s.k.mu.Lock()
	conn, e := s.k.conn, s.k.running
	s.k.mu.Unlock()
	if conn == nil || e == nil || !p.allowStdin || e.id != job {
		return "", jupyter.ErrNoStdin
	}
	ctx, cancel := e.within(ctx)
	defer cancel()
	s.flush(job)
	return conn.Input(ctx, p.message, prompt, password)
}
