package runner

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
)

// ErrGone says that the child process has ended.
var ErrGone = errors.New("runner is gone")

// coalesce is how long output waits for more of it: short enough to look live, long enough that a loop of prints becomes a
// few messages.
const coalesce = 30 * time.Millisecond

// flushSize is how much output is delivered without waiting for more.
const flushSize = 64 << 10

// Runner is the parent's handle on one child process. Its methods may be called concurrently; jobs run one at a time, tasks
// beside them.
type Runner struct {
	cmd   *exec.Cmd
	log   logr.Logger
	out   *outputs
	req   *frameWriter
	reqW  *os.File
	rep   *os.File
	crash *os.File
	dump  *dump

	frames chan *frame   // from the reader to the deliverer; capacity so that the reader decodes the next one meanwhile
	ended  chan struct{} // closed when the process has ended
	done   chan struct{} // closed when everything of it is delivered
	jobs   chan struct{} // holds a token while a job runs
	inputs sync.WaitGroup
	watch  *watcher
	stop   context.CancelFunc // ends questions to the front end, and watching

	lining sync.Mutex // held while a task is put into the line, before mu

	mu      sync.Mutex
	sink    Sink              // guarded by mu, like all below
	seq     uint64            // of the last job or task
	waiting map[uint64]waiter // those without a result
	asking  context.Context
	death   *Exception // set before done is closed
	killed  bool
}

// reply is what a job or task comes to.
type reply struct {
	outcome *outcome
	buffers [][]byte
	unbegun bool // a queued task whose turn did not come
}

// Start starts a child and waits until it is ready to run jobs.
func Start(ctx context.Context, c Config) (*Runner, error) {
	if err := startable(); err != nil {
		return nil, fmt.Errorf("start runner: %w", err)
	}
	if err := c.setDefaults(); err != nil {
		return nil, err
	}
	limit, err := c.memoryLimit()
	if err != nil {
		return nil, fmt.Errorf("start runner: %w", err)
	}
	p, err := openPipes()
	if err != nil {
		return nil, fmt.Errorf("start runner: %w", err)
	}
	cmd := exec.Command(c.Exe, c.Args...) // not CommandContext: ctx is for starting only
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.Stdout, cmd.Stderr = p.outW, p.errW
	cmd.ExtraFiles = []*os.File{p.reqR, p.repW, p.crashW} // 3, 4, 5: see Main
	page, pageFile, err := newShared()
	switch {
	case err == nil:
		cmd.ExtraFiles = append(cmd.ExtraFiles, pageFile)
	case Lines:
		p.closeChildEnds()
		p.closeParentEnds()
		return nil, fmt.Errorf("start runner: share memory with it: %w", err)
	}
	cmd.SysProcAttr = ownGroup()
	err = cmd.Start()
	p.closeChildEnds()
	if pageFile != nil {
		_ = pageFile.Close() // the mapping stays
	}
	if err != nil {
		p.closeParentEnds()
		return nil, fmt.Errorf("start runner: %w", err)
	}
	out, err := newOutputs(p.outR, p.errR, page, c.MaxOutput)
	if err != nil { // cannot happen for pipes
		p.closeParentEnds()
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	r := &Runner{
		cmd: cmd, log: c.Log.WithName("runner").WithValues("pid", cmd.Process.Pid), out: out, sink: c.Sink,
		req: newFrameWriter(p.reqW), reqW: p.reqW, rep: p.repR, crash: p.crashR, dump: &dump{end: make(chan struct{})},
		frames: make(chan *frame, 16), ended: make(chan struct{}), done: make(chan struct{}), jobs: make(chan struct{}, 1),
		waiting: map[uint64]waiter{},
	}
	r.asking, r.stop = context.WithCancel(context.Background()) // detached: lives as long as the process, not as the start
	r.watch = &watcher{r: r, limit: limit, kick: make(chan struct{}, 1)}
	ready := make(chan reply, 1)
	r.waiting[0] = waiter{to: func(rep reply) { ready <- rep }}
	go r.serve()
	select {
	case rep := <-ready:
		if rep.outcome.Error != nil {
			<-r.done
			return nil, fmt.Errorf("start runner %s: %s: %s", c.Exe, rep.outcome.Error.Name, rep.outcome.Error.Value)
		}
	case <-ctx.Done():
		r.Kill()
		<-r.done
		return nil, fmt.Errorf("start runner: %w", ctx.Err())
	}
	r.log.V(0).Info("runner started")
	return r, nil
}

func (c *Config) setDefaults() error {
	if c.Exe == "" {
		exe, err := os.Executable()
		if err != nil {
			return fmt.Errorf("start runner: %w", err)
		}
		c.Exe = exe
	}
	if c.Args == nil {
		c.Args = []string{"runner"}
	}
	if c.MaxOutput == 0 {
		c.MaxOutput = 32 << 20
	}
	if c.Sink == nil {
		c.Sink = discard{}
	}
	return nil
}

// pipes are the five pipes between parent and child.
type pipes struct{ reqR, reqW, repR, repW, outR, outW, errR, errW, crashR, crashW *os.File }

func openPipes() (*pipes, error) {
	p := new(pipes)
	for _, ends := range [][2]**os.File{{&p.reqR, &p.reqW}, {&p.repR, &p.repW}, {&p.outR, &p.outW}, {&p.errR, &p.errW}, {&p.crashR, &p.crashW}} {
		r, w, err := os.Pipe()
		if err != nil {
			p.closeChildEnds()
			p.closeParentEnds()
			return nil, err
		}
		growPipe(w)
		*ends[0], *ends[1] = r, w
	}
	return p, nil
}

// closeChildEnds and closeParentEnds cannot fail in a way that matters: nothing was written yet.
func (p *pipes) closeChildEnds() {
	for _, f := range []*os.File{p.reqR, p.repW, p.outW, p.errW, p.crashW} {
		_ = f.Close()
	}
}

func (p *pipes) closeParentEnds() {
	for _, f := range []*os.File{p.reqW, p.repR, p.outR, p.errR, p.crashR} {
		_ = f.Close()
	}
}

// serve owns the goroutines of r and returns when the process has ended and everything of it is delivered.
func (r *Runner) serve() {
	var readers sync.WaitGroup
	for _, s := range r.out.streams {
		readers.Go(func() { r.out.read(s) })
	}
	readers.Go(r.readFrames)
	readers.Go(func() { r.dump.read(r.crash, r.out.dying) })
	readers.Go(func() { r.watch.serve(r.asking) })
	waited := make(chan error, 1)
	go func() {
		waited <- r.cmd.Wait()
		close(r.ended)
	}()
	r.deliver()
	death := r.obituary(<-waited)
	r.bury(death)
	r.stop()
	_ = r.reqW.Close() // the reader of these is gone
	_ = r.rep.Close()
	_ = r.crash.Close()
	_ = r.out.close()
	readers.Wait()
	r.inputs.Wait()
	r.log.V(0).Info("runner ended", "reason", death.Name, "detail", death.Value)
	close(r.done)
}

// readFrames decodes what the child sends, until its end.
func (r *Runner) readFrames() {
	defer close(r.frames)
	in := bufio.NewReaderSize(r.rep, 64<<10)
	for {
		f, err := readFrame(in)
		if err != nil {
			select {
			case <-r.ended:
			default: // the pipe is unusable though the process lives: it cannot go on
				r.killGroup()
			}
			return
		}
		r.frames <- f
	}
}

// deliver hands outputs and frames over in order, until the process has ended and all it said is delivered.
func (r *Runner) deliver() {
	timer := time.NewTimer(coalesce)
	timer.Stop()
	for ended := r.ended; ; {
		select {
		case f, ok := <-r.frames:
			if !ok {
				<-r.ended
				return
			}
			r.handle(f)
		case <-r.out.kick:
			if r.out.waiting() >= flushSize {
				r.flush(false, "")
			} else {
				timer.Reset(coalesce)
			}
		case <-timer.C:
			r.flush(false, "")
		case <-ended:
			ended = nil
			// What the process wrote is in the pipe. Processes it started may hold the pipe open: do not wait for them.
			_ = r.rep.SetReadDeadline(time.Now().Add(time.Second))
		}
	}
}

// flush delivers pending output, with all also the beginnings of characters, as for the task over, which has ended.
func (r *Runner) flush(all bool, over string) {
	sink := r.currentSink()
	for _, c := range r.out.take(all, over) {
		if len(c.text) > 0 {
			sink.Output(c.job, c.stream.name, c.text)
		}
	}
}

func (r *Runner) currentSink() Sink {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sink
}

// handle delivers what the child wrote before f, then f.
func (r *Runner) handle(f *frame) {
	if f.Kind != kindResult || !r.isLined(f.Seq) {
		r.out.drain()
		r.flush(f.Kind == kindResult, "")
	} else { // the child has seen to it that all is read, and may have begun the next
		r.flush(false, r.out.conclude(f.Seq))
	}
	switch f.Kind {
	case kindReady:
		r.resolve(0, reply{outcome: new(outcome)})
	case kindResult:
		if f.Result == nil {
			f.Result = new(outcome)
		}
		r.resolve(f.Seq, reply{outcome: f.Result, buffers: f.Buffers})
	case kindDisplay:
		_ = r.req.send(&frame{Kind: kindAnswer, Seq: f.Seq}) // fails when the child is gone
		if f.Display != nil {
			r.currentSink().Display(f.ID, *f.Display)
		}
	case kindOutput:
		r.currentSink().Output(f.ID, f.Stream, []byte(f.Text))
	case kindInput:
		r.inputs.Go(func() { r.ask(f) })
	}
}

func (r *Runner) isLined(seq uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting[seq].lined
}

func (r *Runner) resolve(seq uint64, rep reply) {
	r.mu.Lock()
	w := r.waiting[seq]
	delete(r.waiting, seq)
	r.mu.Unlock()
	if w.to != nil {
		w.to(rep)
	}
}

// ask puts the child's question to the front end.
func (r *Runner) ask(f *frame) {
	text, err := r.currentSink().Input(r.asking, f.ID, f.Text, f.Password)
	a := &frame{Kind: kindAnswer, Seq: f.Seq, Text: text}
	if err != nil {
		a.Err = err.Error()
	}
	_ = r.req.send(a) // fails when the child is gone, and nobody is left to know
}

// SetSink replaces the sink from the next output on.
func (r *Runner) SetSink(s Sink) {
	if s == nil {
		s = discard{}
	}
	r.mu.Lock()
	r.sink = s
	r.mu.Unlock()
}

// Interrupt stops what runs: loops and calls of cells end at their next check, contexts are cancelled, and what blocks is
// abandoned after a grace period of 200 ms. It does not wait.
func (r *Runner) Interrupt() {
	_ = r.req.send(&frame{Kind: kindInterrupt}) // fails when the child is gone: nothing runs
}

// Kill ends the child, and the processes it started, at once.
func (r *Runner) Kill() {
	r.mu.Lock()
	r.killed = true
	r.mu.Unlock()
	r.killGroup()
}

func (r *Runner) killGroup() {
	select {
	case <-r.ended: // its id may be another's
	default:
		_ = killGroup(r.cmd.Process.Pid) // fails when it has ended meanwhile
	}
}

// Done is closed when the child has ended and everything it said is delivered.
func (r *Runner) Done() <-chan struct{} { return r.done }

// PID returns the child's process id.
func (r *Runner) PID() int { return r.cmd.Process.Pid }

// Close asks the child to end, kills it when ctx ends first, and waits for it. It may be called more than once.
func (r *Runner) Close(ctx context.Context) error {
	r.stop()
	_ = r.reqW.Close() // the child ends at the end of its requests; closing twice is harmless
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
	}
	r.Kill()
	<-r.done
	return nil
}

// waiting returns how much is pending.
func (o *outputs) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size
}

// exitText says how a process ended that left no dump.
func exitText(err error) (name, value string) {
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		if ws, ok := ee.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			if ws.Signal() == syscall.SIGKILL {
				return "killed", "the process was killed; if nobody did it, it was out of memory"
			}
			return "killed", "the process was killed by signal " + ws.Signal().String()
		}
		return "exit", fmt.Sprintf("the process exited with status %d", ee.ExitCode())
	}
	if err != nil {
		return "exit", err.Error()
	}
	return "exit", "the process exited with status 0"
}
