// Package memory makes large buffers for values on their way between processes. Fresh memory costs several times what
// copying into it does: the system has to find and to clear every page. So large buffers are used again.
//
// Nobody gives a buffer back: whoever holds a part of it keeps it, and the garbage collector finds out when it is free.
// What is not used again soon goes back to the system.
package memory

import (
	"runtime"
	"sync"
	"time"
	"unsafe"
)

const (
	// large is the size from which buffers are used again. What comes below it, Go uses again by itself.
	large = 1 << 20
	// huge is the size from which the system is asked for large pages: several of them.
	huge = 4 << 20
	// maxKept bounds the free buffers that are kept, in bytes.
	maxKept = 256 << 20
	// keepTime is how long free buffers are kept: long enough for a loop in a notebook, too short to be in anybody's way.
	keepTime = 5 * time.Second
)

// Buffer returns n bytes to write to. What is in them is undefined.
func Buffer(n int) []byte {
	if n < large {
		return make([]byte, n)
	}
	b := spare.take(n)
	if b == nil && spare.worthCollecting(n) {
		b = spare.collect(n)
	}
	if b == nil {
		b = make([]byte, n)
		if n >= huge {
			hugePages(b)
		}
	}
	whole := cap(b)
	runtime.SetFinalizer(unsafe.SliceData(b), func(p *byte) { spare.put(unsafe.Slice(p, whole)) })
	return b
}

// pool holds free buffers.
type pool struct {
	mu    sync.Mutex
	free  [][]byte    // guarded by mu, like all below; the latest last
	size  int         // of them all
	fresh int         // bytes made since the last collection
	cost  float64     // of that collection, in seconds
	empty *time.Timer // lets go of what is free; nil before the first
}

var spare pool

// take returns a buffer of n bytes that was used before, and is not much larger; nil if there is none.
func (p *pool) take(n int) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.free) - 1; i >= 0; i-- {
		b := p.free[i]
		if cap(b) < n || cap(b)/2 > n {
			continue
		}
		last := len(p.free) - 1
		p.free[i], p.free[last] = p.free[last], nil
		p.free = p.free[:last]
		p.size -= cap(b)
		return b[:n]
	}
	return nil
}

// fault is what a byte of fresh memory costs, in seconds: that of a fast machine.
const fault = 0.5e-9

// worthCollecting reports whether there may be free buffers that the garbage collector has not found, and looking for them
// costs less than the fresh bytes since then did.
func (p *pool) worthCollecting(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	worth := p.fresh >= n && p.cost < fault*float64(p.fresh)
	if worth {
		p.fresh = 0
	}
	p.fresh += n
	return worth
}

// collect collects garbage and returns a buffer that became free, if one did.
func (p *pool) collect(n int) []byte {
	start := time.Now()
	runtime.GC()
	p.mu.Lock()
	p.cost = time.Since(start).Seconds()
	p.mu.Unlock()
	for range 10 { // finalizers run on a goroutine of their own
		if b := p.take(n); b != nil {
			return b
		}
		runtime.Gosched()
	}
	return nil
}

// put keeps a buffer that nobody holds.
func (p *pool) put(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.size+cap(b) > maxKept {
		return
	}
	p.free = append(p.free, b)
	p.size += cap(b)
	if p.empty == nil {
		p.empty = time.AfterFunc(keepTime, p.drop)
	} else {
		p.empty.Reset(keepTime)
	}
}

// drop lets go of all free buffers.
func (p *pool) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free, p.size = nil, 0
}
