package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/runner"
)

// errCancelled is why a task's context ended when a client cancelled it.
var errCancelled = errors.New("cancelled by a client")

// maxObject bounds an object that a client sends, unpacked.
const maxObject = 1 << 30

// apply serves apply_request. With one slot, tasks and cells run one after the other in the order they came; with more,
// tasks run beside each other.
func (e *Engine) apply(ctx context.Context, r *jupyter.Request, content json.RawMessage) (any, error) {
	if cap(e.slots) == 1 && runner.Lines {
		return e.inLine(ctx, r, content)
	}
	select {
	case e.slots <- struct{}{}:
	case <-ctx.Done():
		return e.abortedReply(r), nil
	}
	call := func(ctx context.Context) ([][]byte, *proto.RemoteError) { return e.call(ctx, r, content) }
	if cap(e.slots) == 1 || moves(content) {
		defer func() { <-e.slots }()
		return e.task(ctx, r, call), nil
	}
	finish := r.Defer()
	e.tasks.Go(func() {
		defer func() { <-e.slots }()
		finish(e.task(ctx, r, call), nil)
	})
	return nil, nil
}

// fromGo reports whether a Go client sent a task: it learns from the reply whether the task showed something, and needs no
// busy and idle otherwise.
func fromGo(r *jupyter.Request) bool { return codec.Ours(r.Content) }

// moves reports whether a task moves data for the cell that comes next, or fetches that of the last, so that it must not be
// overtaken.
func moves(content json.RawMessage) bool {
	c, err := codec.ParseContent(content)
	return err == nil && c.Op != codec.OpCall
}

// task runs one task by call and returns the content of its reply, whose metadata and buffers it sets.
func (e *Engine) task(ctx context.Context, r *jupyter.Request, call func(context.Context) ([][]byte, *proto.RemoteError)) any {
	id := r.Header.MsgID
	started := time.Now()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.mu.Lock()
	if e.aborted.take(id) {
		e.mu.Unlock()
		return e.abortedReply(r)
	}
	e.running[id] = cancel
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.running, id)
	}()
	buffers, failure := call(ctx)
	r.Buffers = nil // the request is remembered for output that comes later; its data is not needed any more
	if failure != nil && context.Cause(ctx) == errCancelled {
		return e.abortedReply(r)
	}
	return e.reply(r, started, buffers, failure)
}

// reply returns the content of the reply to a task, whose metadata and buffers it sets, and publishes a failure.
func (e *Engine) reply(r *jupyter.Request, started time.Time, buffers [][]byte, failure *proto.RemoteError) any {
	status := proto.StatusOK
	var reply any = proto.OK{Status: proto.StatusOK}
	if failure != nil {
		status = proto.StatusError
		failure.Status = status
		failure.EngineInfo = &proto.ErrorEngineInfo{EngineUUID: e.uuid, EngineID: e.id, Method: "apply"}
		if failure.Traceback == nil {
			failure.Traceback = []string{}
		}
		reply = failure
		if failure.Ename != proto.UnitMissing {
			e.publishError(r.Message, failure)
		}
	}
	r.ReplyWith(jupyter.WithMetadata(e.metadata(r.Message, started, status, failure)), jupyter.WithBuffers(buffers))
	return reply
}

// publishError tells on iopub how a task failed.
func (e *Engine) publishError(request *jupyter.Message, f *proto.RemoteError) {
	if err := e.conn.Publish(request, "error", f); err != nil {
		e.log.Error(err, "error not published")
	}
}

// metadata is what every reply to a task carries.
func (e *Engine) metadata(request *jupyter.Message, started time.Time, status string, failure *proto.RemoteError) proto.ReplyMetadata {
	m := proto.ReplyMetadata{
		Started: proto.Time{Time: started}, DependenciesMet: true, Engine: e.uuid, Status: status,
	}
	if failure != nil {
		m.EngineInfo = failure.EngineInfo
		m.DependenciesMet = failure.Ename != proto.UnmetDependency
		m.Resend = failure.Ename == proto.UnitMissing
	}
	m.Shows = request.Shown()
	var b proto.BroadcastMetadata
	if !bytes.Contains(request.Metadata, []byte("is_")) && !bytes.Contains(request.Metadata, []byte("label")) {
		return m // as most
	}
	if json.Unmarshal(request.Metadata, &b) == nil {
		m.IsBroadcast, m.IsCoalescing, m.OriginalID, m.Label = b.IsBroadcast, b.IsCoalescing, b.OriginalID, b.Label
	}
	return m
}

// executeMetadata is what an execute_reply carries besides the kernel's own.
func (e *Engine) executeMetadata(request *jupyter.Message) map[string]any {
	m := e.metadata(request, time.Time{}, "", nil)
	extra := map[string]any{
		"is_broadcast": m.IsBroadcast, "is_coalescing": m.IsCoalescing, "original_msg_id": m.OriginalID,
		"engine_info": proto.ErrorEngineInfo{EngineUUID: e.uuid, EngineID: e.id, Method: "execute"},
	}
	if m.Label != nil {
		maps.Copy(extra, map[string]any{"label": *m.Label})
	}
	return extra
}

// abortedReply is the reply to a task that does not run, or did not run to its end.
func (e *Engine) abortedReply(r *jupyter.Request) any {
	r.ReplyWith(jupyter.WithMetadata(e.metadata(r.Message, time.Now(), proto.StatusAborted, nil)))
	return proto.OK{Status: proto.StatusAborted}
}

// prepare decodes a task and finds or stores what its function needs.
func (e *Engine) prepare(r *jupyter.Request, content json.RawMessage) (c *codec.Content, load []native.Object, buffers [][]byte, failure *proto.RemoteError) {
	c, err := e.parser.Parse(content)
	if errors.Is(err, codec.ErrCodec) {
		return nil, nil, nil, proto.NewRemoteError(proto.UnsupportedCodec,
			"this is a Go engine: it cannot run pickled Python functions; send Go code with execute (%v)", err)
	}
	if err != nil {
		return nil, nil, nil, proto.NewRemoteError("BadRequest", "%v", err)
	}
	if buffers, err = e.storeObjects(c, r.Buffers); err != nil {
		return nil, nil, nil, proto.NewRemoteError("BadObject", "%v", err)
	}
	if c.Func != nil && c.Func.Program != nil {
		return c, nil, buffers, nil
	}
	load, missing := e.objects(c.Units)
	if len(missing) == 0 {
		return c, load, buffers, nil
	}
	if c.Build != codec.Build() {
		return nil, nil, nil, proto.NewRemoteError("BuildMismatch", "the engine runs another build of gopar than the client: "+
			"use the same one on both")
	}
	return nil, nil, nil, proto.NewRemoteError(proto.UnitMissing, "%s", strings.Join(missing, ","))
}

// call runs the function that a task names, where it can run.
func (e *Engine) call(ctx context.Context, r *jupyter.Request, content json.RawMessage) ([][]byte, *proto.RemoteError) {
	c, load, buffers, failure := e.prepare(r, content)
	if failure != nil {
		return nil, failure
	}
	if c.Func != nil && c.Func.Program != nil {
		return e.workers.call(ctx, r.Message, c, content, buffers)
	}
	e.kernel.Adopt(r.Message)
	res, err := e.config.Evaluator.Call(ctx, runner.Task{ID: r.Header.MsgID, Load: load, Content: content, Buffers: buffers})
	if err != nil {
		return nil, proto.NewRemoteError("runner error", "%v", err)
	}
	if res.Abandoned {
		e.replaceRunner(ctx)
	}
	if res.Error != nil {
		return nil, exception(res.Error)
	}
	if f, value := codec.FailureOf(res.Buffers); f != nil {
		return value, failed(f)
	}
	return res.Buffers, nil
}

// replaceRunner ends what does not end by itself. The values of the engine's session are lost.
func (e *Engine) replaceRunner(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), replaceTime) // the task's context has ended
	defer cancel()
	lost, err := e.config.Evaluator.Replace(ctx)
	if err != nil {
		e.log.Error(err, "runner not replaced")
		return
	}
	e.log.Info("runner replaced: a cancelled task did not end", "lost", lost)
}

// replaceTime bounds the start of another runner.
const replaceTime = 30 * time.Second

// lookAgain is how long an object that was found in the cache is believed to be there: looking costs a system call, which tasks
// that come by the thousand need not all pay.
const lookAgain = time.Second

// objects finds the units in the cache.
func (e *Engine) objects(units []string) (load []native.Object, missing []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if now.Sub(e.looked) > lookAgain {
		e.looked = now
		clear(e.found)
	}
	for _, hash := range units {
		if path, ok := e.found[hash]; ok {
			load = append(load, native.Object{Hash: hash, Path: path})
		} else if path, ok := e.cache.ObjectPath(hash); ok {
			e.found[hash] = path
			load = append(load, native.Object{Hash: hash, Path: path})
		} else {
			missing = append(missing, hash)
		}
	}
	return load, missing
}

// storeObjects puts the objects that come with a task into the cache and returns the other buffers.
func (e *Engine) storeObjects(c *codec.Content, buffers [][]byte) ([][]byte, error) {
	if len(c.Objects) > len(buffers) {
		return nil, fmt.Errorf("%d objects in %d buffers", len(c.Objects), len(buffers))
	}
	n := len(buffers) - len(c.Objects)
	for i, o := range c.Objects {
		if o.Size < 0 || o.Size > maxObject {
			return nil, fmt.Errorf("object %s of %d bytes", o.Unit, o.Size)
		}
		z, err := gzip.NewReader(bytes.NewReader(buffers[n+i]))
		if err != nil {
			return nil, fmt.Errorf("object %s: %w", o.Unit, err)
		}
		unpacked := io.LimitReader(z, o.Size)
		if sum, ok := strings.CutPrefix(o.Unit, codec.ProgramPrefix); ok {
			err = e.workers.store(sum, unpacked)
		} else {
			err = e.cache.Store(o.Unit, unpacked)
		}
		if err != nil {
			return nil, err
		}
	}
	return buffers[:n:n], nil
}

// exception is how a task failed in the runner.
func exception(x *runner.Exception) *proto.RemoteError {
	frames := make([]codec.Frame, len(x.Frames))
	for i, f := range x.Frames {
		frames[i] = codec.Frame(f)
	}
	e := failed(&codec.Failure{Name: x.Name, Value: x.Value, Frames: frames})
	if x.Fatal {
		e.Traceback = append(e.Traceback, "The engine's process ended with it and was replaced; the values of its session are lost.")
	}
	return e
}

// failed is how a user's function failed, with its frames as lines.
func failed(f *codec.Failure) *proto.RemoteError {
	e := proto.NewRemoteError(f.Name, "%s", f.Value)
	head := f.Name + ": " + f.Value
	if f.Name == "error" {
		head = f.Value
	}
	e.Traceback = append(e.Traceback, head)
	for _, frame := range f.Frames {
		e.Traceback = append(e.Traceback, fmt.Sprintf("  %s:%d  %s", frame.File, frame.Line, frame.Func))
	}
	return e
}
