package codec

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

const (
	// WorkerEnv is set in the environment of a program that an engine runs to call its functions.
	WorkerEnv = "GOPAR_WORKER"
	// ProgramPrefix comes before the SHA-256 of a program where units and programs are named alike.
	ProgramPrefix = "program:"

	workerIn, workerOut = 3, 4 // file descriptors of a worker: 0 to 2 are the user's

	maxHead  = 64 << 20
	maxFrame = 4 << 30
	maxCount = 1 << 16
)

// Request is one message from an engine to a worker: a task, or, without content, the end of one.
type Request struct {
	ID      string          `json:"id"`
	Content json.RawMessage `json:"content,omitempty"` // empty: cancel task ID
	Buffers [][]byte        `json:"-"`
}

// Response is what a task came to.
type Response struct {
	ID      string   `json:"id"`
	Failure *Failure `json:"failure,omitempty"` // how the user's function failed
	Refused string   `json:"refused,omitempty"` // why the task was not run
	Buffers [][]byte `json:"-"`
}

// ServeWorker serves the engine that started this process until it closes the pipe or ctx ends.
func ServeWorker(ctx context.Context) error {
	in, out := os.NewFile(workerIn, "requests"), os.NewFile(workerOut, "responses")
	if in == nil || out == nil {
		return errors.New("not started by an engine")
	}
	if err := os.Unsetenv(WorkerEnv); err != nil { // programs started from here are no workers
		return err
	}
	return Serve(ctx, in, out)
}

// Serve runs the tasks that come from r, each in a goroutine of its own, and writes what they came to to w. It returns at
// the end of r; what runs then is cancelled and not waited for.
func Serve(ctx context.Context, r io.Reader, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex // guards w and running
	running := map[string]context.CancelFunc{}
	for in := bufio.NewReaderSize(r, 64<<10); ; {
		var req Request
		buffers, err := ReadFrames(in, &req)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(req.Content) == 0 {
			mu.Lock()
			if stop := running[req.ID]; stop != nil {
				stop()
			}
			mu.Unlock()
			continue
		}
		task, stop := context.WithCancel(ctx)
		mu.Lock()
		running[req.ID] = stop
		mu.Unlock()
		go func() { // ends with the user's function, or with the process
			defer stop()
			res := &Response{ID: req.ID, Failure: &Failure{Name: "exit", Value: "runtime.Goexit was called"}}
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				delete(running, req.ID)
				if err := WriteFrames(w, res, res.Buffers); err != nil {
					cancel() // the engine is gone, and the reader is about to learn it
				}
			}()
			res = answer(task, &req, buffers)
		}()
	}
}

// answer runs one task.
func answer(ctx context.Context, req *Request, buffers [][]byte) *Response {
	res := &Response{ID: req.ID}
	res.Failure = guarded(func() {
		var err error
		if res.Buffers, err = Invoke(ctx, req.Content, buffers); err != nil {
			res.Refused = err.Error()
		}
	})
	return res
}

// WriteFrames writes head, as JSON, and buffers.
func WriteFrames(w io.Writer, head any, buffers [][]byte) error {
	b, err := json.Marshal(head)
	if err != nil {
		return err
	}
	sizes := make([]byte, 8, 8+8*len(buffers)+len(b))
	binary.LittleEndian.PutUint32(sizes, uint32(len(b)))
	binary.LittleEndian.PutUint32(sizes[4:], uint32(len(buffers)))
	for _, f := range buffers {
		sizes = binary.LittleEndian.AppendUint64(sizes, uint64(len(f)))
	}
	if _, err := w.Write(append(sizes, b...)); err != nil {
		return err
	}
	for _, f := range buffers {
		if _, err := w.Write(f); err != nil {
			return err
		}
	}
	return nil
}

// ReadFrames reads what WriteFrames wrote into head and returns the buffers. Lengths are checked before they are believed.
// At the end of r it returns io.EOF.
func ReadFrames(r io.Reader, head any) ([][]byte, error) {
	var fixed [8]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return nil, err
	}
	size, n := binary.LittleEndian.Uint32(fixed[:]), binary.LittleEndian.Uint32(fixed[4:])
	if size > maxHead || n > maxCount {
		return nil, fmt.Errorf("message with a head of %d bytes and %d frames", size, n)
	}
	lengths := make([]byte, 8*n)
	if _, err := io.ReadFull(r, lengths); err != nil {
		return nil, unexpected(err)
	}
	b, err := readN(r, uint64(size))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, head); err != nil {
		return nil, err
	}
	buffers := make([][]byte, n)
	for i := range buffers {
		length := binary.LittleEndian.Uint64(lengths[8*i:])
		if length > maxFrame {
			return nil, fmt.Errorf("frame of %d bytes", length)
		}
		if buffers[i], err = readN(r, length); err != nil {
			return nil, err
		}
	}
	return buffers, nil
}

// readN reads n bytes, allocating as they come when there are many.
func readN(r io.Reader, n uint64) ([]byte, error) {
	const step = 64 << 20
	b := make([]byte, min(n, step))
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, unexpected(err)
	}
	for uint64(len(b)) < n {
		more := make([]byte, min(n-uint64(len(b)), uint64(len(b))))
		if _, err := io.ReadFull(r, more); err != nil {
			return nil, unexpected(err)
		}
		b = append(b, more...)
	}
	return b, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
