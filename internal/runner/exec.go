package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/interp"
	"github.com/gopar-project/gopar/internal/unit"
)

// runJob runs one job and sends its result.
func (c *child) runJob(s *scope, j *Job) {
	c.jobMu.Lock() // the parent sends one at a time; this is for memory order
	defer c.jobMu.Unlock()
	c.std.mend()
	o := &outcome{Started: time.Now()}
	restore, err := c.openStdin(s, j.AllowStdin)
	if err != nil {
		o.Error = errorOf(err)
	} else {
		var bundle display.Bundle
		var scriptError *Exception
		o.Error, o.Abandoned = c.execute(s, func() { bundle, scriptError = c.job(s, j) })
		if o.Error == nil {
			o.Error = scriptError
		}
		if o.Error == nil && !s.silent {
			o.Value = encodeBundle(bundle)
		}
		restore()
	}
	_, o.Payload = s.finish()
	o.Ended = time.Now()
	c.byseq.Delete(s.seq)
	c.result(&frame{Kind: kindResult, Seq: s.seq, Result: o})
}

// job is the body of a job's main goroutine.
func (c *child) job(s *scope, j *Job) (display.Bundle, *Exception) {
	if err := c.load.open(j.Load); err != nil {
		return nil, errorOf(err)
	}
	if err := c.load.interpret(j.Interpret); err != nil {
		return nil, errorOf(err)
	}
	for id, name := range j.Files {
		unit.NameFile(id, name)
	}
	if j.Run != "" {
		t := unit.Lookup(j.Run)
		if t == nil {
			return nil, errorOf(fmt.Errorf("unit %s is not loaded", j.Run))
		}
		if t.Run != nil {
			t.Run()
		}
	}
	if j.Script != nil {
		if err := interp.Run(s.ctx, j.Script); err != nil {
			return nil, errorOf(err)
		}
	}
	s.mu.Lock()
	values := s.values
	s.mu.Unlock()
	if s.silent || len(values) == 0 {
		return nil, nil
	}
	b, err := display.Of(s.ctx, values...)
	if err != nil {
		return nil, errorOf(err)
	}
	return b, nil
}

// runTask runs one task and sends its result.
func (c *child) runTask(s *scope, t *Task) {
	o := &outcome{Started: time.Now()}
	var buffers [][]byte
	var failed *Exception
	o.Error, o.Abandoned = c.execute(s, func() {
		if err := c.load.open(t.Load); err != nil {
			failed = errorOf(err)
			return
		}
		var err error
		if buffers, err = codec.Invoke(s.ctx, t.Content, t.Buffers); err != nil {
			failed = errorOf(err)
		}
	})
	switch {
	case o.Abandoned: // the goroutine may still write to failed and buffers
	case o.Error == nil && failed != nil:
		o.Error = failed
	}
	s.finish()
	s.cancel()
	o.Ended = time.Now()
	c.byseq.Delete(s.seq)
	f := &frame{Kind: kindResult, Seq: s.seq, Result: o}
	if o.Error == nil {
		f.Buffers = buffers
	}
	c.result(f)
}

// result sends a result; one that cannot be encoded becomes an error.
func (c *child) result(f *frame) {
	if err := c.out.send(f); err != nil {
		f.Result = &outcome{Error: errorOf(err), Started: f.Result.Started, Ended: f.Result.Ended}
		f.Buffers = nil
		_ = c.out.send(f) // fails with the parent gone: the process ends
	}
}

// sink is how package display reaches the front end.
type sink struct{ c *child }

func (k sink) Display(m display.Message) {
	id := ""
	if s := k.c.owner(); s != nil {
		id = s.id
	}
	wire := make(display.Bundle, len(m.Data))
	for mime, data := range encodeBundle(m.Data) {
		wire[mime] = data
	}
	m.Data = wire
	// What is printed after this must not come before it: wait until the parent has taken what was printed so far.
	err := k.c.ask(context.Background(), &frame{Kind: kindDisplay, ID: id, Display: &m}, nil) // the parent answers or is gone
	if err != nil {
		m.Metadata = nil // what cannot be encoded is left out, as in bundles
		_ = k.c.ask(context.Background(), &frame{Kind: kindDisplay, ID: id, Display: &m}, nil)
	}
}

func (k sink) Payload(p display.Payload) {
	if s := k.c.owner(); s != nil {
		s.mu.Lock()
		s.payload = append(s.payload, p)
		s.mu.Unlock()
	}
}

func (k sink) Input(ctx context.Context, prompt string, password bool) (string, error) {
	s := k.c.owner()
	if s == nil || !s.stdin {
		return "", display.ErrNoFrontEnd
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	return k.c.input(ctx, s, prompt, password)
}

// input asks the front end for a line.
func (c *child) input(ctx context.Context, s *scope, prompt string, password bool) (line string, err error) {
	if err := c.ask(ctx, &frame{Kind: kindInput, ID: s.id, Text: prompt, Password: password}, &line); err != nil {
		return "", fmt.Errorf("ask for input: %w", err)
	}
	return line, nil
}

// ask sends f to the parent and waits until it is answered or ctx ends.
func (c *child) ask(ctx context.Context, f *frame, text *string) error {
	ch := make(chan frame, 1)
	c.askMu.Lock()
	c.askSeq++
	f.Seq = c.askSeq
	c.answers[f.Seq] = ch
	c.askMu.Unlock()
	defer func() {
		c.askMu.Lock()
		delete(c.answers, f.Seq)
		c.askMu.Unlock()
	}()
	if err := c.out.send(f); err != nil {
		return err
	}
	select {
	case a := <-ch:
		if a.Err != "" {
			return errors.New(a.Err)
		}
		if text != nil {
			*text = a.Text
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *child) answer(f *frame) {
	c.askMu.Lock()
	ch := c.answers[f.Seq]
	delete(c.answers, f.Seq)
	c.askMu.Unlock()
	if ch != nil {
		ch <- *f // has room
	}
}
