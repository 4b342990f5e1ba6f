package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// benchHub is a controller in a process group of its own, and a client of it.
type benchHub struct {
	cmd     *exec.Cmd
	client  *proto.ClientInfo
	engine  *proto.EngineInfo
	session *jupyter.Session
	query   *zmtp.Dealer
	replies chan *jupyter.Message
	stop    []func()
}

// startHub starts a controller by its command line, to which the profile's directory is added, and connects to it.
func startHub(ctx context.Context, l *lab, args ...string) (*benchHub, error) {
	dir, err := os.MkdirTemp(l.dir, "profile-")
	if err != nil {
		return nil, err
	}
	h := &benchHub{replies: make(chan *jupyter.Message, 1)}
	h.cmd = exec.CommandContext(ctx, args[0], append(args[1:], "--profile-dir="+dir, "--log-level=WARN")...)
	ownGroup(h.cmd)
	h.cmd.Stderr = os.Stderr
	if err := h.cmd.Start(); err != nil {
		return nil, err
	}
	h.stop = append(h.stop, func() { endGroup(h.cmd) })
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		h.client, err = proto.ReadClientInfo(proto.ClientFile(dir, ""))
		if err == nil {
			h.engine, err = proto.ReadEngineInfo(proto.EngineFile(dir, ""))
		}
		if err == nil {
			break
		}
		if time.Now().After(end) {
			h.close()
			return nil, fmt.Errorf("%s does not start: %w", args[0], err)
		}
	}
	h.session = jupyter.NewSession([]byte(h.client.Key))
	h.query = zmtp.NewDealer(zmtp.Options{}, func(frames [][]byte) {
		if m, err := h.session.Decode(frames); err == nil {
			h.replies <- m
		}
	})
	h.stop = append(h.stop, func() { closeSocket(h.query) })
	return h, h.query.Dial(h.client.Endpoint(h.client.Registration))
}

func closeSocket(s interface{ Close(context.Context) error }) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing is outstanding
	_ = s.Close(ctx)
}

func (h *benchHub) close() {
	for i := len(h.stop) - 1; i >= 0; i-- {
		h.stop[i]()
	}
}

// engines asks how many engines are registered.
func (h *benchHub) engines(ctx context.Context) (int, error) {
	m, err := h.session.New(proto.ConnectionRequestType, nil, struct{}{})
	if err == nil {
		err = h.query.Send(h.session.Encode(m))
	}
	if err != nil {
		return 0, err
	}
	select {
	case m := <-h.replies:
		var r proto.ConnectionReply
		err := m.Bind(&r)
		return len(r.Engines), err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// content is what a tiny task of a Go client asks; Python's controller looks at it no more than gopar's.
var content = json.RawMessage(`{"codec":"gopar/1","func":{"unit":"8a0d3c2b1f","symbol":"mul","captures":0},"args":2,"map":false,"units":["8a0d3c2b1f"],"vars":[],"build":"x"}`)

// tasks sends n load-balanced tasks, signed beforehand so that this process costs little, keeps window of them under way, and
// waits for all replies.
func (h *benchHub) tasks(ctx context.Context, n, window int, metadata any) (time.Duration, error) {
	md, err := json.Marshal(metadata)
	if err != nil {
		return 0, err
	}
	const ahead = 100_000 // signed at a time
	credit, done := make(chan struct{}, window), make(chan struct{})
	var left atomic.Int64
	left.Store(int64(n))
	d := zmtp.NewDealer(zmtp.Options{}, func([][]byte) {
		<-credit
		if left.Add(-1) == 0 {
			close(done)
		}
	})
	defer closeSocket(d)
	if err := d.Dial(h.client.Endpoint(h.client.Task)); err != nil {
		return 0, err
	}
	var took time.Duration
	for sent := 0; sent < n; {
		batch := make([][][]byte, min(ahead, n-sent))
		for i := range batch {
			m, err := h.session.New(proto.ApplyRequestType, nil, content)
			if err != nil {
				return 0, err
			}
			m.Metadata, m.Buffers = md, [][]byte{[]byte("0123456789"), []byte("0123456789")}
			batch[i] = h.session.Encode(m)
		}
		start := time.Now()
		for _, frames := range batch {
			select {
			case credit <- struct{}{}:
			case <-ctx.Done():
				return 0, ctx.Err()
			}
			if err := d.Send(frames); err != nil {
				return 0, err
			}
		}
		if sent += len(batch); sent == n {
			select {
			case <-done:
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Minute):
				return 0, fmt.Errorf("%d of %d tasks have no reply", left.Load(), n)
			}
		}
		took += time.Since(start)
	}
	return took, nil
}

// broadcast sends size bytes to all engines of ids once and waits for all replies.
func (h *benchHub) broadcast(ctx context.Context, engines, size int) (time.Duration, error) {
	var md proto.BroadcastMetadata
	md.IsBroadcast = true
	for i := range engines {
		md.Targets = append(md.Targets, proto.Target{UUID: fmt.Sprintf("light-%d", i), ID: i})
	}
	m, err := h.session.New(proto.ApplyRequestType, nil, content)
	if err == nil {
		m.Metadata, err = json.Marshal(md)
	}
	if err != nil {
		return 0, err
	}
	m.Buffers = [][]byte{make([]byte, size)}
	done := make(chan struct{})
	var left atomic.Int64
	left.Store(int64(engines))
	d := zmtp.NewDealer(zmtp.Options{}, func([][]byte) {
		if left.Add(-1) == 0 {
			close(done)
		}
	})
	defer closeSocket(d)
	if err := d.Dial(h.client.Endpoint(h.client.Broadcast)); err != nil {
		return 0, err
	}
	start := time.Now()
	if err := d.Send(h.session.Encode(m)); err != nil {
		return 0, err
	}
	select {
	case <-done:
		return time.Since(start), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(2 * time.Minute):
		return 0, fmt.Errorf("%d of %d engines have not answered", left.Load(), engines)
	}
}

const (
	manyEngines = 1000
	manyTasks   = 1_000_000
)

// hubWorks measures the hub by itself, with engines and a client that do next to nothing.
func hubWorks(_ context.Context, l *lab) ([]work, func(), error) {
	gopar := []string{l.gopar, "hub"}
	python := []string{l.python, "-m", "ipyparallel.controller"}
	perTask := func(controller []string, n int) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			h, err := startHub(ctx, l, controller...)
			if err != nil {
				return 0, err
			}
			defer h.close()
			_, stop, err := lightEngines(ctx, h, 16)
			defer stop()
			if err != nil {
				return 0, err
			}
			before, err := groupCPU(h.cmd.Process.Pid)
			if err != nil {
				return 0, err
			}
			if _, err := h.tasks(ctx, n, 256, proto.TaskMetadata{}); err != nil {
				return 0, err
			}
			after, err := groupCPU(h.cmd.Process.Pid)
			return float64((after - before).Microseconds()) / float64(n), err
		}
	}
	many := func(measure func(context.Context, *benchHub, time.Duration) (float64, error)) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			h, err := startHub(ctx, l, gopar...)
			if err != nil {
				return 0, err
			}
			defer h.close()
			took, stop, err := lightEngines(ctx, h, manyEngines)
			defer stop()
			if err != nil {
				return 0, err
			}
			return measure(ctx, h, took)
		}
	}
	broadcast := func(size int) func(context.Context) (float64, error) {
		return many(func(ctx context.Context, h *benchHub, _ time.Duration) (float64, error) {
			took, err := h.broadcast(ctx, manyEngines, size)
			return float64(took.Microseconds()) / 1000, err
		})
	}
	return []work{
		{name: "controller's CPU per task, 16 light engines", unit: "µs", repetitions: 3, peer: "ipyparallel",
			gopar: perTask(gopar, 100_000), measurePeer: perTask(python, 2000)},
		{name: "registration of 1,000 engines", unit: "s", repetitions: 3,
			gopar: many(func(_ context.Context, _ *benchHub, took time.Duration) (float64, error) { return took.Seconds(), nil })},
		{name: "routing with 1,000 light engines on the same cores", unit: "tasks/s", higher: true, repetitions: 3,
			gopar: many(func(ctx context.Context, h *benchHub, _ time.Duration) (float64, error) {
				took, err := h.tasks(ctx, 200_000, 4096, proto.TaskMetadata{})
				return 200_000 / took.Seconds(), err
			})},
		{name: "hub's CPU per task, 1,000 light engines", unit: "µs", repetitions: 3,
			gopar: many(func(ctx context.Context, h *benchHub, _ time.Duration) (float64, error) {
				before, err := groupCPU(h.cmd.Process.Pid)
				if err != nil {
					return 0, err
				}
				_, err = h.tasks(ctx, 200_000, 4096, proto.TaskMetadata{})
				after, cpuErr := groupCPU(h.cmd.Process.Pid)
				return float64((after - before).Microseconds()) / 200_000, errors.Join(err, cpuErr)
			})},
		{name: "hub's memory, 1,000 engines and 10^6 tasks", unit: "MB", repetitions: 1,
			gopar: many(func(ctx context.Context, h *benchHub, _ time.Duration) (float64, error) {
				if _, err := h.tasks(ctx, manyTasks, 4096, proto.TaskMetadata{}); err != nil {
					return 0, err
				}
				return memoryMB(h.cmd.Process.Pid)
			})},
		{name: "broadcast of 1 kB to 1,000 engines", unit: "ms", repetitions: 3, gopar: broadcast(1000)},
		{name: "broadcast of 1 MB to 1,000 engines", unit: "ms", repetitions: 3, gopar: broadcast(1_000_000)},
	}, func() {}, nil
}

// groupCPU is the processor time of the processes of a group.
func groupCPU(group int) (time.Duration, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 everywhere
	var sum time.Duration
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		f := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
		var pgrp int
		var user, system time.Duration
		if _, err := fmt.Sscan(f[2]+" "+f[11]+" "+f[12], &pgrp, &user, &system); err == nil && pgrp == group {
			sum += (user + system) * tick
		}
	}
	if sum == 0 {
		return 0, errors.New("no processor time of the controller: this needs Linux's /proc")
	}
	return sum, nil
}

// memoryMB is a process's resident memory.
func memoryMB(pid int) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(raw), "VmRSS:")
	var kb float64
	if _, err := fmt.Sscan(rest, &kb); !ok || err != nil {
		return 0, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	return kb / 1000, nil
}

// endGroup ends a controller and waits for it.
func endGroup(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait() // how it ended does not matter
}
