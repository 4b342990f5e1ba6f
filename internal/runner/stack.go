package runner

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"time"

	"github.com/gopar-project/gopar/internal/unit"
)

// Go ends the process when one stack would become larger than its limit. A recursion of cells is stopped before: the parent sees
// the memory grow and says so (see watch.go), the child looks how much of it is stacks, and if that is more than deepStack, the
// checks at the entries of functions panic in goroutines that are deeper than deepFrames.
const (
	// maxStack is where Go gives up. Its own limit of 1 GB takes more memory than many machines that run engines have.
	maxStack = 512 << 20
	// deepStack is when to look: stacks double, so one of this size is in use to more than a half.
	deepStack = 128 << 20
	// deepFrames is more than calls that are not a recursion come to: with frames so large that fewer fill the stack, Go gives up.
	deepFrames = 100_000
	// deepLook is for how long to look.
	deepLook = time.Second
)

// kindWatch is a frame from the parent that watches this process. Text is "memory" (ID: the limit in bytes, told at the start),
// "grown" when it has grown, "memory error" when it is too much (ID: what to tell the user), "quiet" to learn whether it can ever go on (see asleep.go),
// and "resume" after that.
const kindWatch = "watch"

// watched serves a watch frame.
func (c *child) watched(f *frame) {
	switch f.Text {
	case "memory":
		if n, err := strconv.ParseInt(f.ID, 10, 64); err == nil && n > 0 {
			debug.SetMemoryLimit(n)
		}
	case "grown":
		sample := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
		metrics.Read(sample)
		if sample[0].Value.Kind() == metrics.KindUint64 && sample[0].Value.Uint64() >= deepStack {
			c.stop.lookForDeep()
		}
	case "memory error":
		c.byseq.Range(func(_, v any) bool {
			s := v.(*scope)
			c.stop.fail(s, &Exception{Name: nameOutOfMemory, Value: f.ID})
			go func() { // ends by itself
				select {
				case <-s.gone:
				case <-time.After(grace):
				}
				debug.FreeOSMemory() // the limit is one of memory that the system counts
			}()
			return true
		})
	case "quiet", "resume":
		c.quiet(f)
	}
}

// fail stops s with an error.
func (t *stopper) fail(s *scope, ex *Exception) {
	s.mu.Lock()
	if s.crash == nil {
		s.crash = ex
	}
	s.mu.Unlock()
	t.stop(s)
}

// lookForDeep makes the checks of all goroutines look how deep they are.
func (t *stopper) lookForDeep() {
	t.mu.Lock()
	t.deep = time.Now().Add(deepLook)
	t.mu.Unlock()
	unit.Stop.Store(1)
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// tooDeep reports whether the calling goroutine must end because of its depth; the first that must ends the look.
func (t *stopper) tooDeep() bool {
	t.mu.Lock()
	looking := !t.deep.IsZero()
	t.mu.Unlock()
	var pc [1]uintptr
	if !looking || runtime.Callers(deepFrames, pc[:]) == 0 {
		return false
	}
	t.mu.Lock()
	t.deep = time.Time{}
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
	return true
}
