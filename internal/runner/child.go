package runner

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/unit"
)

// child is the process in which cells run.
type child struct {
	std  stdio
	line *line // nil if there is no memory shared with the parent; set before the first request
	out  *frameWriter
	load loader
	stop stopper

	scopes  sync.Map // label (unsafe.Pointer) → *scope
	current atomic.Pointer[scope]
	byseq   sync.Map                      // seq → *scope, while its result is due
	tasked  atomic.Bool                   // a task was called here: another may come and wake what sleeps
	pause   atomic.Pointer[chan struct{}] // closed when what looks regularly may go on; nil: it may

	jobMu     sync.Mutex
	stdinOpen bool // descriptor 0 is a pipe, not /dev/null; guarded by jobMu

	askMu   sync.Mutex
	askSeq  uint64                  // guarded by askMu, like all below
	answers map[uint64]chan<- frame // questions to the parent
}

// Main is the child: it serves the parent over the inherited descriptors 3 (requests), 4 (replies) and 5 (the runtime's last
// words), with memory shared with the parent as 6, until the parent closes the first or is gone, then returns; the caller must
// end the process, as cells may still run.
func Main(ctx context.Context) error {
	var files [3]*os.File
	for i := range files {
		fd := 3 + i
		closeOnExec(fd) // processes that cells start must not hold the pipes
		if i < 2 {
			if err := setNonblock(fd, true); err != nil {
				return fmt.Errorf("runner: descriptor %d was not inherited; it is started by gopar itself: %w", fd, err)
			}
		}
		files[i] = os.NewFile(uintptr(fd), "runner pipe")
	}
	if err := debug.SetCrashOutput(files[2], debug.CrashOptions{}); err != nil {
		return fmt.Errorf("runner: %w", err)
	}
	_ = files[2].Close() // the runtime has its own copy
	debug.SetMaxStack(maxStack)
	std, err := saveStdio()
	if err != nil {
		return fmt.Errorf("runner: %w", err)
	}
	c := &child{std: std, out: newFrameWriter(files[1]), answers: map[uint64]chan<- frame{}}
	c.stop.wake = make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	unit.SetHooks(&unit.Hooks{Show: c.show, Panicked: c.panicked, Started: c.started, Stopped: c.stopped, Context: c.context})
	display.Attach(sink{c})
	var hunting sync.WaitGroup
	hunting.Go(func() { c.stop.serve(ctx) })
	defer hunting.Wait()
	defer cancel()
	if s := openShared(6); s != nil {
		c.line = newLine(ctx, c, s)
	}
	if err := c.out.send(&frame{Kind: kindReady}); err != nil {
		return fmt.Errorf("runner: %w", err)
	}
	return c.serve(ctx, bufio.NewReaderSize(files[0], 64<<10))
}

// serve reads requests. It never waits for what it starts, so that an interrupt always gets through.
func (c *child) serve(ctx context.Context, in *bufio.Reader) error {
	for {
		f, err := readFrame(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("runner: %w", err)
		}
		switch f.Kind {
		case kindRun:
			s := c.newScope(ctx, f.Seq, f.Job.ID)
			s.job, s.silent = true, f.Job.Silent
			go c.runJob(s, f.Job) // ends with the process: a cell cannot be waited for
		case kindCall:
			s := c.newScope(ctx, f.Seq, f.Task.ID)
			f.Task.Buffers = f.Buffers
			c.tasked.Store(true)
			go c.runTask(s, f.Task) // as above
		case kindQueue:
			f.Task.Buffers = f.Buffers
			c.tasked.Store(true)
			if c.line == nil { // no parent of ours sends it then
				return errors.New("runner: a task for a line that is not there")
			}
			c.line.put(f.Seq, f.Task)
		case kindDrop:
			if (c.line == nil || !c.line.drop(f.Seq)) && f.ID != "" {
				c.interrupt(f.Seq)
			}
		case kindInterrupt:
			c.interrupt(f.Seq)
		case kindAnswer:
			c.answer(f)
		case kindWatch:
			c.watched(f)
		case kindGoroutines:
			go c.tellGoroutines(f) // ends with the dump
		}
	}
}

// interrupt stops the job or task seq, or all of them, and interrupts the processes that they have started and may wait for,
// as a terminal would.
func (c *child) interrupt(seq uint64) {
	var since time.Duration
	c.byseq.Range(func(k, v any) bool {
		if s := v.(*scope); seq == 0 || k.(uint64) == seq {
			c.stop.stop(s)
			if since == 0 || s.born < since {
				since = s.born
			}
		}
		return true
	})
	if since > 0 {
		interruptProcesses(since)
	}
}
