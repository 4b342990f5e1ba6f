package engine

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// cancelGrace is how long a cancelled task may take to end before its worker is killed.
const cancelGrace = 2 * time.Second

// maxWorkers bounds the programs that are kept running; the one not used for longest is ended for another.
const maxWorkers = 8

// workers are the copies of compiled programs that serve their functions here.
type workers struct {
	e   *Engine
	dir string

	mu      sync.Mutex
	running map[string]*worker // guarded by mu: by the program's SHA-256
}

func newWorkers(e *Engine) (*workers, error) {
	dir := e.config.CacheDir
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find cache directory: %w", err)
		}
		dir = filepath.Join(base, "gopar")
	}
	return &workers{e: e, dir: filepath.Join(dir, "programs"), running: map[string]*worker{}}, nil
}

// close ends all workers and waits for them.
func (w *workers) close() {
	w.mu.Lock()
	all := w.running
	w.running = map[string]*worker{}
	w.mu.Unlock()
	for _, k := range all {
		k.kill()
		<-k.done
	}
}

// call runs a task in a copy of the program its function is part of.
func (w *workers) call(ctx context.Context, request *jupyter.Message, c *codec.Content, content json.RawMessage, buffers [][]byte) ([][]byte, *proto.RemoteError) {
	sum := c.Func.Program.SHA256
	path, err := w.find(c.Func.Program)
	if err != nil {
		return nil, proto.NewRemoteError("BadProgram", "%v", err)
	}
	if path == "" {
		return nil, proto.NewRemoteError(proto.UnitMissing, "%s%s", codec.ProgramPrefix, sum)
	}
	var res *codec.Response
	for again := true; again; {
		k, err := w.start(sum, path)
		if err != nil {
			return nil, proto.NewRemoteError("BadProgram", "start a copy of the program: %v", err)
		}
		var began bool
		if res, began, err = k.call(ctx, request, content, buffers); !began {
			<-k.done // another task's crash: it is about to be replaced
			continue
		}
		again = false
		if err != nil {
			return nil, proto.NewRemoteError("crash", "%v", err)
		}
	}
	switch {
	case res.Refused != "":
		return nil, proto.NewRemoteError("error", "%s", res.Refused)
	case res.Failure != nil:
		return nil, failed(res.Failure)
	}
	if f, value := codec.FailureOf(res.Buffers); f != nil {
		return value, failed(f)
	}
	return res.Buffers, nil
}

// find returns the path of the copy of a program, "" if there is none. Where the sender's own file is at hand, it is copied.
func (w *workers) find(p *codec.Program) (string, error) {
	if b, err := hex.DecodeString(p.SHA256); err != nil || len(b) != sha256.Size {
		return "", fmt.Errorf("%q is not a program's SHA-256", p.SHA256)
	}
	path := filepath.Join(w.dir, p.SHA256)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	f, err := os.Open(p.Path)
	if p.Path == "" || err != nil {
		return "", nil // on another machine
	}
	defer f.Close() //nolint:errcheck // read only
	if err := w.store(p.SHA256, f); err != nil {
		w.e.log.V(1).Info("program not copied; the client will send it", "path", p.Path, "reason", err.Error())
		return "", nil
	}
	return path, nil
}

// store keeps a program under its checksum, which it must have.
func (w *workers) store(sum string, r io.Reader) error {
	if b, err := hex.DecodeString(sum); err != nil || len(b) != sha256.Size {
		return fmt.Errorf("%q is not a program's SHA-256", sum)
	}
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(w.dir, "store-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, which is the point
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), r)
	if err == nil {
		err = f.Chmod(0o700)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && hex.EncodeToString(h.Sum(nil)) != sum {
		err = errors.New("it has another checksum")
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(w.dir, sum))
	}
	if err != nil {
		return fmt.Errorf("store program %.12s: %w", sum, err)
	}
	return nil
}

// start returns the worker of a program, starting it if need be.
func (w *workers) start(sum, path string) (*worker, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if k := w.running[sum]; k != nil {
		select {
		case <-k.done:
		default:
			k.used = time.Now()
			return k, nil
		}
	}
	k, err := startWorker(w.e, path)
	if err != nil {
		return nil, err
	}
	if len(w.running) >= maxWorkers {
		oldest := ""
		for s, k := range w.running {
			if oldest == "" || k.used.Before(w.running[oldest].used) {
				oldest = s
			}
		}
		w.running[oldest].kill()
		delete(w.running, oldest)
	}
	w.running[sum] = k
	return k, nil
}

// worker is one copy of a program.
type worker struct {
	e    *Engine
	cmd  *exec.Cmd
	in   *os.File
	out  *os.File
	done chan struct{} // closed when the process has ended and its output is published
	used time.Time     // guarded by workers.mu
	std  [2]*stream

	sending sync.Mutex // one message at a time on in
	mu      sync.Mutex
	waiting map[string]chan *codec.Response // guarded by mu: by msg_id; nil when the process has ended
	parent  *jupyter.Message                // guarded by mu: the request of the last task that began
}

// errEnded is what a task gets whose process ended.
var errEnded = errors.New("the copy of the program that ran the task ended; its output may tell why")

func startWorker(e *Engine, path string) (*worker, error) {
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, inR.Close(), inW.Close())
	}
	k := &worker{e: e, in: inW, out: outR, done: make(chan struct{}), used: time.Now(), waiting: map[string]chan *codec.Response{}}
	growPipe(inW)
	growPipe(outW)
	cmd := exec.Command(path) // not CommandContext: it outlives the task that starts it
	cmd.Env = append(os.Environ(), codec.WorkerEnv+"=1")
	cmd.ExtraFiles = []*os.File{inR, outW}
	ends := []*os.File{inR, outW}
	for i, name := range []string{"stdout", "stderr"} {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		k.std[i] = &stream{name: name, pipe: r, to: k.output}
		ends = append(ends, w)
	}
	cmd.Stdout, cmd.Stderr = ends[2], ends[3]
	k.cmd = cmd
	err = cmd.Start()
	for _, f := range ends {
		_ = f.Close() // the child has its own
	}
	if err != nil {
		return nil, err
	}
	e.log.V(0).Info("worker started", "program", filepath.Base(path)[:12], "pid", cmd.Process.Pid)
	go k.serve() // ends with the process; workers.close waits for done
	return k, nil
}

// serve takes what the process sends until it ends.
func (k *worker) serve() {
	var readers sync.WaitGroup
	for _, s := range k.std {
		readers.Go(s.read)
	}
	for in := bufio.NewReaderSize(k.out, 64<<10); ; {
		var res codec.Response
		buffers, err := codec.ReadFrames(in, &res)
		if err != nil {
			break
		}
		res.Buffers = buffers
		for _, s := range k.std {
			s.drain()
		}
		k.mu.Lock()
		w := k.waiting[res.ID]
		delete(k.waiting, res.ID)
		k.mu.Unlock()
		if w != nil {
			w <- &res
		}
	}
	k.kill()
	err := k.cmd.Wait()
	readers.Wait()
	for _, f := range []*os.File{k.in, k.out, k.std[0].pipe, k.std[1].pipe} {
		_ = f.Close() // nobody is at the other end
	}
	k.mu.Lock()
	waiting := k.waiting
	k.waiting = nil
	k.mu.Unlock()
	for _, w := range waiting {
		close(w)
	}
	k.e.log.V(0).Info("worker ended", "reason", fmt.Sprint(err))
	close(k.done)
}

func (k *worker) kill() { _ = k.cmd.Process.Kill() } // fails when it has ended

// call runs a task; began is false if the process had ended before. When ctx ends, the task's context does, too, and the
// process some time later.
func (k *worker) call(ctx context.Context, request *jupyter.Message, content json.RawMessage, buffers [][]byte) (res *codec.Response, began bool, err error) {
	id := request.Header.MsgID
	answer := make(chan *codec.Response, 1)
	k.mu.Lock()
	if k.waiting == nil {
		k.mu.Unlock()
		return nil, false, nil
	}
	k.waiting[id], k.parent = answer, request
	k.mu.Unlock()
	if err := k.send(&codec.Request{ID: id, Content: content}, buffers); err != nil {
		k.kill() // whoever waits is told
	}
	var late <-chan time.Time
	for stopped := ctx.Done(); ; {
		select {
		case res, ok := <-answer:
			if !ok {
				return nil, true, errEnded
			}
			return res, true, nil
		case <-stopped:
			stopped = nil
			_ = k.send(&codec.Request{ID: id}, nil) // fails when the process has ended, which answers
			timer := time.NewTimer(cancelGrace)
			defer timer.Stop()
			late = timer.C
		case <-late:
			late = nil
			k.kill()
		}
	}
}

func (k *worker) send(r *codec.Request, buffers [][]byte) error {
	k.sending.Lock()
	defer k.sending.Unlock()
	return codec.WriteFrames(k.in, r, buffers)
}

// output publishes what the program prints, as output of the task that began last.
func (k *worker) output(name string, text []byte) {
	k.mu.Lock()
	parent := k.parent
	k.mu.Unlock()
	if err := k.e.conn.Publish(parent, "stream", jupyter.Stream{Name: name, Text: string(text)}); err != nil {
		k.e.log.Error(err, "output not published")
	}
}
