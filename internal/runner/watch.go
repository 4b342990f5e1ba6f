package runner

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gopar-project/gopar/internal/native"
)

// MemoryEnv is the environment variable that limits the memory of a runner: bytes ("8589934592"), with a unit ("8GiB", "500M"),
// a share of the machine's memory ("50%"), or "off".
const MemoryEnv = "GOPAR_MEMORY_LIMIT"

// defaultShare is the share of the machine's memory, in percent, that a runner may have: what is left must be enough for the
// front end and the system to stay usable.
const defaultShare = 80

const (
	watchBusy = 25 * time.Millisecond // between looks while something runs: a process can take 100 MB in that time
	watchIdle = time.Second           // and while nothing does
	// watchGrown is the growth of memory that makes the child look at its stacks.
	watchGrown = 32 << 20
	// softShare is the part of the limit, in percent, at which a job is interrupted, which keeps the session's values; at the
	// limit, the process is ended.
	softShare = 90
)

// watcher watches the child from the parent, which costs the child nothing: its memory, and whether it still does anything.
type watcher struct {
	r       *Runner
	limit   int64         // bytes, 0: none
	kick    chan struct{} // wakes it from idling; capacity 1, as a second kick says nothing more
	idle    atomic.Bool
	overrun atomic.Bool // the child was killed for its memory

	seen   int64 // memory when the child was last told of growth
	base   int64 // memory when the job began
	warned bool  // the job was interrupted for its memory

	ticks  int64         // CPU time at since
	since  time.Time     // since when the child has not computed; zero: it has
	wait   time.Duration // until the next look whether all sleep
	jobSeq uint64        // the job that was last seen
}

// wakeUp makes an idle watcher look.
func (w *watcher) wakeUp() {
	if w.idle.Load() {
		select {
		case w.kick <- struct{}{}:
		default:
		}
	}
}

// serve watches until ctx ends.
func (w *watcher) serve(ctx context.Context) {
	if w.limit > 0 {
		told := &frame{Kind: kindWatch, Text: "memory", ID: strconv.FormatInt(w.limit/100*softShare, 10)}
		_ = w.r.req.send(told) // fails with the child gone
	}
	timer := time.NewTimer(watchIdle)
	defer timer.Stop()
	for {
		kicked := false
		select {
		case <-ctx.Done():
			return
		case <-w.kick:
			timer.Stop()
			kicked = true
		case <-timer.C:
		}
		seq := w.r.oldest()
		if seq != w.jobSeq {
			w.jobSeq, w.base, w.warned, w.since = seq, memoryOf(w.r.PID()), false, time.Time{}
		}
		w.memory(seq)
		pause := watchIdle
		if seq != 0 {
			w.asleep(ctx)
			pause = watchBusy
		}
		if kicked && seq == 0 { // it is over already: where one came, others follow, and not each shall wake the watcher
			pause = watchBusy
		}
		w.idle.Store(seq == 0 && !kicked)
		timer.Reset(pause)
	}
}

// memory looks how much memory the child has, and what must be done about it.
func (w *watcher) memory(seq uint64) {
	now := memoryOf(w.r.PID())
	if now > w.seen+watchGrown && seq != 0 {
		_ = w.r.req.send(&frame{Kind: kindWatch, Text: "grown"}) // fails with the child gone
		w.seen = now
	}
	w.seen = min(w.seen, now)
	if w.limit <= 0 {
		return
	}
	switch soft := w.limit / 100 * softShare; {
	case now > w.limit:
		w.overrun.Store(true)
		w.r.log.Info("killing runner: it exceeds its memory", "limit", w.limit, "memory", now)
		w.r.Kill()
	case now > soft && seq != 0 && !w.warned && now-w.base > w.limit/20:
		w.warned = true
		w.r.log.Info("interrupting a job: it comes near the memory limit", "limit", w.limit, "memory", now)
		_ = w.r.req.send(&frame{Kind: kindWatch, Text: "memory error", ID: MemoryText(w.limit)}) // fails with the child gone
	}
}

// asleep looks whether the child still computes.
func (w *watcher) asleep(ctx context.Context) {
	ticks, ok := cpuOf(w.r.PID())
	now := time.Now()
	switch {
	case !ok:
	case w.since.IsZero():
		w.since, w.ticks, w.wait = now, ticks, asleepFirst
	case ticks != w.ticks:
		w.since, w.ticks = now, ticks
	case now.Sub(w.since) >= w.wait:
		w.r.endIfAsleep(ctx)
		w.ticks, _ = cpuOf(w.r.PID()) // looking costs a little
		w.since, w.wait = time.Now(), min(2*w.wait, asleepMost)
	}
}

// oldest returns the number of the request that waits longest for its result, 0 if none does.
func (r *Runner) oldest() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	var first uint64
	for seq := range r.waiting {
		if first == 0 || seq < first {
			first = seq
		}
	}
	return first
}

// memoryLimit is the limit of a Config in bytes, 0 for none.
func (c *Config) memoryLimit() (int64, error) {
	text := c.MemoryLimit
	if text == "" {
		text = os.Getenv(MemoryEnv)
	}
	if text == "" {
		text = strconv.Itoa(defaultShare) + "%"
	}
	return ParseMemory(text, machineMemory())
}

// ParseMemory reads a limit as MemoryEnv describes it; total is what a share is of. Off is 0.
func ParseMemory(text string, total int64) (int64, error) {
	s := strings.TrimSpace(text)
	if share, ok := strings.CutSuffix(s, "%"); ok {
		n, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err != nil || !(n > 0 && n <= 100) {
			return 0, fmt.Errorf("memory limit %q: want a share above 0%% and up to 100%%", text)
		}
		return int64(n * float64(total) / 100), nil
	}
	n, err := native.ParseSize(s)
	if err != nil {
		return 0, fmt.Errorf("memory limit %q: want bytes, 8GiB, 500M, 50%% or off", text)
	}
	return n, nil
}

// MemoryText says that the limit was reached and what can be done.
func MemoryText(limit int64) string {
	return fmt.Sprintf("the limit of %.1f GiB for the cells' memory is reached; %s=SIZE, 90%% or off in the kernel's environment sets another",
		float64(limit)/(1<<30), MemoryEnv)
}
