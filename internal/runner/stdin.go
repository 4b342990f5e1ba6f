package runner

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// A job that may ask for input gets a pipe of its own as descriptor 0. There is no event for "somebody waits for input", but the
// state can be seen: a goroutine whose stack is in os.Stdin's Read, or a process the cell started that is blocked reading the
// same pipe. While there is one, the front end is asked for a line, which is written into the pipe. The look costs 30 µs and is
// taken ever less often.
const (
	firstLook = 10 * time.Millisecond
	lastLook  = 80 * time.Millisecond
)

// openStdin prepares descriptor 0 for a job: a pipe served by the front end, or the end of file. restore ends it: whoever still
// reads meets the end of file.
func (c *child) openStdin(s *scope, allow bool) (restore func(), err error) {
	s.stdin = allow
	if !allow {
		if !c.stdinOpen {
			return func() {}, nil // it is /dev/null from the start
		}
		c.stdinOpen = false
		return func() {}, nullStdin()
	}
	r, w, err := os.Pipe()
	if err != nil { // a cell has used up the descriptors: the next must be able to run, and to close some
		s.stdin = false
		return func() {}, nil
	}
	err = dupTo(r, 0)
	_ = r.Close() // descriptor 0 remains
	if err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("open standard input: %w", err)
	}
	c.stdinOpen = true
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.serveStdin(ctx, s, w)
	}()
	return func() {
		cancel()
		<-done
	}, nil
}

// serveStdin answers reads of descriptor 0 until ctx ends, then closes it.
func (c *child) serveStdin(ctx context.Context, s *scope, w *os.File) {
	defer w.Close()
	look := firstLook
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
		if done := c.pause.Load(); done != nil {
			select {
			case <-ctx.Done():
				return
			case <-*done:
			}
		}
		if !stdinAwaited() {
			look = min(2*look, lastLook)
			continue
		}
		line, err := c.input(ctx, s, "", false)
		if err != nil {
			return // the end of file: there is nobody to ask
		}
		look = firstLook
		if _, err := io.WriteString(w, strings.TrimSuffix(line, "\n")+"\n"); err != nil {
			return
		}
	}
}

// stdinAwaited tells whether somebody is blocked reading descriptor 0 and nothing is there for him.
func stdinAwaited() bool {
	if n, err := unreadBytes(0); err != nil || n > 0 {
		return false
	}
	return goroutineReadsStdin() || childReadsStdin()
}

// goroutineReadsStdin looks for a goroutine in the system call of os.Stdin.Read.
func goroutineReadsStdin() bool {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) || len(buf) >= 16<<20 {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 4*len(buf))
	}
	read := []byte(fmt.Sprintf("\nos.(*File).Read(%p", os.Stdin))
	for _, g := range bytes.Split(buf, []byte("\n\n")) {
		header, _, _ := bytes.Cut(g, []byte("\n"))
		if bytes.Contains(header, []byte("[syscall")) && bytes.Contains(g, read) {
			return true
		}
	}
	return false
}

func nullStdin() error {
	f, err := os.Open(os.DevNull)
	if err != nil {
		return fmt.Errorf("open standard input: %w", err)
	}
	defer f.Close()
	return dupTo(f, 0)
}

// dupTo makes fd a blocking duplicate of f that child processes inherit.
func dupTo(f *os.File, fd int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var dupErr error
	if err := conn.Control(func(from uintptr) { dupErr = dup2(int(from), fd) }); err != nil {
		return err
	}
	if dupErr != nil {
		return dupErr
	}
	return setNonblock(fd, false)
}
