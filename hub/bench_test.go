//go:build unix

package hub

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
	"github.com/gopar-project/gopar/internal/store"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// usage is what the hub's process has used so far.
type usage struct {
	CPU            time.Duration
	Bytes, Mallocs uint64
}

// TestHubProcess is the hub's process of the benchmarks, not a test: it serves
// until its stdin ends, and answers each line with its usage.
func TestHubProcess(t *testing.T) {
	dir := os.Getenv("GOPAR_BENCH_HUB")
	if dir == "" {
		return
	}
	if p := os.Getenv("GOPAR_BENCH_PROFILE"); p != "" {
		f, err := os.Create(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			t.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	h, err := New(Config{ProfileDir: dir, Ping: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := h.Serve(ctx); err != nil {
			t.Error(err)
		}
	})
	<-h.Ready()
	in := bufio.NewScanner(os.Stdin)
	for fmt.Println("ready"); in.Scan(); {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			t.Error(err)
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b, err := json.Marshal(usage{time.Duration(r.Utime.Nano() + r.Stime.Nano()), m.TotalAlloc, m.Mallocs})
		if err != nil {
			t.Error(err)
		}
		fmt.Printf("usage %s\n", b)
	}
	cancel()
	wg.Wait()
}

// hubProcess is a hub in a process of its own.
type hubProcess struct {
	*Hub  // only its connection information
	usage func() usage
}

func startHubProcess(b *testing.B) *hubProcess {
	b.Helper()
	dir := b.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHubProcess$")
	cmd.Env = append(os.Environ(), "GOPAR_BENCH_HUB="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	line := func(prefix string) string {
		for lines.Scan() {
			if s := lines.Text(); len(s) >= len(prefix) && s[:len(prefix)] == prefix {
				return s[len(prefix):]
			}
		}
		b.Fatalf("the hub's process ended: %v", lines.Err())
		return ""
	}
	b.Cleanup(func() {
		if err := in.Close(); err != nil {
			b.Error(err)
		}
		for lines.Scan() {
		}
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	line("ready")
	c, err := proto.ReadClientInfo(proto.ClientFile(dir, ""))
	if err != nil {
		b.Fatal(err)
	}
	e, err := proto.ReadEngineInfo(proto.EngineFile(dir, ""))
	if err != nil {
		b.Fatal(err)
	}
	return &hubProcess{&Hub{client: *c, engine: *e}, func() (u usage) {
		if _, err := fmt.Fprintln(in, "usage?"); err != nil {
			b.Fatal(err)
		}
		if err := json.Unmarshal([]byte(line("usage ")), &u); err != nil {
			b.Fatal(err)
		}
		return u
	}}
}

// BenchmarkTasks measures what one task costs the hub, from the client's
// message to the delivered result: with the signature checked twice, the
// scheduler and the store.
func BenchmarkTasks(b *testing.B) {
	for _, engines := range []int{16, 200} {
		for _, via := range []string{viaTask, viaMux} {
			b.Run(fmt.Sprintf("%s/engines=%d", via, engines), func(b *testing.B) { benchmarkTasks(b, engines, via) })
		}
	}
}

func benchmarkTasks(b *testing.B, engines int, via string) {
	h := startHubProcess(b)
	c := newClient(b, h.Hub)
	var uuids []string
	for range engines {
		e := launchEngine(b, h.Hub, echo)
		uuids = append(uuids, e.uuid)
	}
	var reply proto.ConnectionReply
	for len(reply.Engines) < engines {
		c.ask(proto.ConnectionRequestType, struct{}{}, &reply)
	}
	const window = 256 // in flight
	credit := make(chan struct{}, window)
	var done sync.WaitGroup
	on := func(frames [][]byte) {
		<-credit
		done.Done()
	}
	d := zmtp.NewDealer(zmtp.Options{}, on)
	b.Cleanup(func() { closeAll(d) })
	port := h.client.Task
	if via == viaMux {
		port = h.client.Mux
	}
	if err := d.Dial(h.client.Endpoint(port)); err != nil {
		b.Fatal(err)
	}
	metadata := encode(proto.TaskMetadata{})
	content := json.RawMessage(`{"codec":"gopar/1","func":{"unit":"8a0d3c2b1f","symbol":"mul","captures":0},"args":2,"map":false,"units":["8a0d3c2b1f"],"vars":[],"build":"x"}`)
	before := h.usage()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		m, err := c.session.New(proto.ApplyRequestType, nil, content)
		if err != nil {
			b.Fatal(err)
		}
		m.Metadata, m.Buffers = metadata, [][]byte{[]byte("0123456789"), []byte("0123456789")}
		if via == viaMux {
			m.Idents = [][]byte{[]byte(uuids[i%len(uuids)])}
		}
		credit <- struct{}{}
		done.Add(1)
		if err := d.Send(c.session.Encode(m)); err != nil {
			b.Fatal(err)
		}
	}
	done.Wait()
	b.StopTimer()
	used := h.usage()
	n := float64(b.N)
	b.ReportMetric(float64((used.CPU-before.CPU).Nanoseconds())/n, "hub-cpu-ns/op")
	b.ReportMetric(float64(used.Bytes-before.Bytes)/n, "hub-B/op")
	b.ReportMetric(float64(used.Mallocs-before.Mallocs)/n, "hub-allocs/op")
}

// BenchmarkDecode is the share of one message's signature and envelope.
func BenchmarkDecode(b *testing.B) {
	s := jupyter.NewSession([]byte("key"))
	m, err := s.New(proto.ApplyRequestType, nil, struct{}{})
	if err != nil {
		b.Fatal(err)
	}
	m.Metadata = encode(proto.TaskMetadata{})
	frames := s.Encode(m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Decode(frames); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMetadata is the share of a task's metadata.
func BenchmarkMetadata(b *testing.B) {
	m := &jupyter.Message{Metadata: encode(proto.TaskMetadata{})}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := taskMetadata(m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStoreAndSchedule is the share of the store and the scheduler.
func BenchmarkStoreAndSchedule(b *testing.B) {
	h, err := New(Config{ProfileDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	h.session, h.store = jupyter.NewSession(nil), store.NewMemory(store.Budget{}, h.log)
	h.sched.Join(0, sched.Engine{ID: "e", Slots: 1})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		m := &jupyter.Message{Header: jupyter.Header{MsgID: fmt.Sprint("b3a1f7c0-6a5e8f92d1_1234_", i)}}
		r := newRecord(m, "c", viaTask, "")
		h.records.add(r)
		h.sched.Submit(h.now(), sched.Task{ID: sched.TaskID(r.ID), Client: "c"})
		h.sched.Finish(h.now(), "e", sched.TaskID(r.ID), sched.Success)
		h.finish(r, m)
		if i%keepAtOnce == 0 {
			h.keepSome(b.Context(), time.Now())
		}
	}
}

// BenchmarkRegistration measures how long engines take from their request to
// their announcement, all asking at once.
func BenchmarkRegistration(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("engines=%d", n), func(b *testing.B) {
			for range b.N {
				h := startHubProcess(b)
				c := newClient(b, h.Hub)
				before := h.usage()
				began := time.Now()
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() {
						for range n / 16 {
							launchEngine(b, h.Hub, echo)
						}
					})
				}
				wg.Wait()
				var reply proto.ConnectionReply
				for len(reply.Engines) < n/16*16 {
					c.ask(proto.ConnectionRequestType, struct{}{}, &reply)
				}
				b.ReportMetric(time.Since(began).Seconds(), "s/all")
				b.ReportMetric(float64((h.usage().CPU-before.CPU).Microseconds())/float64(n), "hub-cpu-us/engine")
			}
		})
	}
}
