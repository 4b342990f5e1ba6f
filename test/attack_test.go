package test

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/parallel"
)

// attackTime is how long each attack lasts; make check takes a minute.
var attackTime = flag.Duration("attack", 4*time.Second, "how long kernel, hub and engine are attacked")

const (
	// attackers is how many connections attack at a time.
	attackers = 48
	// maxResident is the memory that an attacked process may take: what all strangers may hold, and itself.
	maxResident = 3 << 30
)

// attack is one hostile connection, from its first byte to its end.
type attack struct {
	*rand.Rand
	net.Conn
}

// attacks are what strangers do, who know no key.
var attacks = []func(a attack){
	func(a attack) { a.linger() }, // silent
	func(a attack) { a.put(a.garbage(1 + a.IntN(5000))) },
	func(a attack) { a.put([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")); a.linger() },
	func(a attack) { a.put(zGreeting("NULL")[:a.IntN(64)]); a.linger() },
	func(a attack) { a.put(zGreeting("NULL"), a.garbage(1+a.IntN(500))); a.linger() },
	func(a attack) { a.put(zGreeting("CURVE"), zCommand("HELLO", a.garbage(194))); a.linger() },
	func(a attack) { a.put(zGreeting("PLAIN"), zCommand("HELLO", []byte("\x05admin\x05admin"))); a.linger() },
	func(a attack) { a.put(zGreeting("NULL"), a.spoil(zReady("DEALER", "x"))); a.linger() },
	func(a attack) { a.put(zGreeting("NULL"), zReady("STREAM", "")); a.linger() },
	func(a attack) { a.put(zGreeting("NULL"), zHeader(4, 1<<62)); a.linger() },
	func(a attack) { a.shake(); a.put(zHeader(0, 1<<62)); a.linger() },
	func(a attack) { a.shake(); a.put(zHeader(0, 1<<30), a.garbage(9<<20)); a.linger() },
	func(a attack) { a.shake(); a.put(bytes.Repeat([]byte{1, 0}, 70<<10)); a.linger() },
	func(a attack) { a.shake(); a.put(zFrame(4, a.garbage(200))); a.linger() },
	func(a attack) { // commands of all kinds, and nothing is read
		a.shake()
		a.put(bytes.Repeat(zCommand("PING", []byte("\x00\x00context")), 50000))
	},
	func(a attack) { // subscriptions, old and new form
		a.shake()
		for i := range 5000 {
			a.put(zFrame(0, fmt.Append(nil, "\x01", i)), zCommand("SUBSCRIBE", a.garbage(a.IntN(2000))))
		}
	},
	func(a attack) { a.shake(); a.put(bytes.Repeat(zFrame(0, a.garbage(1000)), 2000)) },      // heartbeats that nobody collects
	func(a attack) { a.shake(); a.put(zMessage([]byte(""), a.garbage(20), a.garbage(300))) }, // a request for REP
	func(a attack) { // messages of the right form with wrong signatures
		a.shake()
		for range 200 {
			header := []byte(`{"msg_id":"1","msg_type":"shutdown_request","session":"s","username":"u","date":"2026-01-01T00:00:00Z","version":"5.3"}`)
			a.put(zMessage([]byte("<IDS|MSG>"), fmt.Appendf(nil, "%064x", a.Uint64()), header, []byte("{}"), []byte("{}"), []byte(`{"restart":false}`)))
		}
	},
	func(a attack) { // and without: a truncated message, then parts that are no JSON
		a.shake()
		a.put(zMessage([]byte("<IDS|MSG>"), nil), zMessage([]byte("<IDS|MSG>"), nil, a.garbage(99), a.garbage(9), a.garbage(9), a.garbage(9)))
		a.linger()
	},
}

func (a attack) put(parts ...[]byte) {
	_ = a.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)) // who is not read goes
	for _, p := range parts {
		if _, err := a.Write(p); err != nil {
			return // it was cut off, which is what the other side should do
		}
	}
}

// linger waits for the end of the connection, but not for long.
func (a attack) linger() {
	_ = a.SetReadDeadline(time.Now().Add(time.Duration(50+a.IntN(500)) * time.Millisecond))
	for b := make([]byte, 4096); ; {
		if _, err := a.Read(b); err != nil {
			return
		}
	}
}

// shake completes a handshake as a socket of some kind.
func (a attack) shake() {
	kinds := []string{"DEALER", "ROUTER", "REQ", "SUB", "XSUB", "PUB", "XPUB"}
	a.put(zGreeting("NULL"), zReady(kinds[a.IntN(len(kinds))], ""))
}

func (a attack) garbage(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(a.Uint32())
	}
	return b
}

// spoil changes a byte of b or leaves off its end.
func (a attack) spoil(b []byte) []byte {
	b = bytes.Clone(b)
	if a.IntN(2) == 0 {
		return b[:a.IntN(len(b))]
	}
	b[a.IntN(len(b))] ^= byte(1 + a.IntN(255))
	return b
}

func zGreeting(mechanism string) []byte {
	b := make([]byte, 64)
	b[0], b[9], b[10] = 0xff, 0x7f, 3
	copy(b[12:], mechanism)
	return b
}

func zHeader(flags byte, size uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{flags | 2}, size)
}

func zFrame(flags byte, body []byte) []byte {
	if len(body) < 256 {
		return append([]byte{flags, byte(len(body))}, body...)
	}
	return append(zHeader(flags, uint64(len(body))), body...)
}

func zCommand(name string, arg []byte) []byte {
	return zFrame(4, append(append([]byte{byte(len(name))}, name...), arg...))
}

func zReady(kind, identity string) []byte {
	var b []byte
	for _, p := range [][2]string{{"Socket-Type", kind}, {"Identity", identity}} {
		b = append(append(b, byte(len(p[0]))), p[0]...)
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(p[1]))), p[1]...)
	}
	return zCommand("READY", b)
}

func zMessage(frames ...[]byte) []byte {
	var b []byte
	for i, f := range frames {
		flags := byte(1)
		if i == len(frames)-1 {
			flags = 0
		}
		b = append(b, zFrame(flags, f)...)
	}
	return b
}

// siege attacks addresses until served, which is called again and again and fails the test if the good peer is not, has been called for
// attackTime. The processes must not take too much memory meanwhile.
func siege(t *testing.T, addresses []string, pids []int, served func(round int)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var wg sync.WaitGroup
	for i := range attackers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			for ctx.Err() == nil {
				c, err := net.Dial("tcp", addresses[r.IntN(len(addresses))])
				if err != nil {
					continue // full backlog
				}
				attacks[r.IntN(len(attacks))](attack{r, c})
				c.Close()
			}
		})
	}
	most := 0
	rounds := 0
	for end := time.Now().Add(*attackTime); time.Now().Before(end) && !t.Failed(); rounds++ {
		served(rounds)
		for _, pid := range pids {
			most = max(most, resident(t, pid))
		}
	}
	cancel()
	wg.Wait()
	served(rounds)
	t.Logf("%d attackers for %v: the good peer was served %d times; at most %d MiB resident", attackers, *attackTime, rounds, most>>20)
	if most > maxResident {
		t.Errorf("%d MiB resident", most>>20)
	}
}

// resident returns the memory a process has now. The process must be there.
func resident(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatalf("the attacked process is gone: %v", err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// start starts gopar with the arguments; what it says is shown if the test fails. stop ends it and returns how it ended.
func (h *home) start(args ...string) (pid int, stop func() error) {
	h.t.Helper()
	cmd := exec.Command(filepath.Join(program.bin, "gopar"), args...)
	cmd.Env, cmd.Dir = h.env, h.dir
	log, err := os.Create(filepath.Join(h.dir, strings.ReplaceAll(args[0], "/", "")+".log"))
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = log, log, 10*time.Second
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	var once sync.Once
	var ended error
	stop = func() error {
		once.Do(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			ended = cmd.Wait()
			log.Close()
			if h.t.Failed() {
				said, _ := os.ReadFile(log.Name())
				h.t.Logf("gopar %s (%v) ends with:\n%s", args[0], ended, said[max(0, len(said)-8000):])
			}
		})
		return ended
	}
	h.t.Cleanup(func() { _ = stop() })
	return cmd.Process.Pid, stop
}

func TestAttackedKernelServesItsFrontEnd(t *testing.T) {
	h := newHome(t)
	info := jupyter.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", Key: "the key", SignatureScheme: jupyter.SignatureScheme}
	var addresses []string
	var listeners []net.Listener
	for _, port := range []*int{&info.ShellPort, &info.ControlPort, &info.IOPubPort, &info.StdinPort, &info.HBPort} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, l)
		*port = l.Addr().(*net.TCPAddr).Port
		addresses = append(addresses, l.Addr().String())
	}
	for _, l := range listeners {
		l.Close()
	}
	file := filepath.Join(h.dir, "kernel.json")
	if err := jupyter.WriteConnectionFile(file, info); err != nil {
		t.Fatal(err)
	}
	pid, stop := h.start("kernel", "-f", file)
	f := jupytertest.Connect(t, info)
	siege(t, addresses, []int{pid}, func(round int) {
		if got := f.Execute(fmt.Sprintf("6*7 + %d", round)).Result(); got != fmt.Sprint(42+round) {
			t.Errorf("round %d: %q", round, got)
		}
		f.Beat(fmt.Sprint("beat ", round))
		f.Forget()
	})
	if err := stop(); err != nil {
		t.Errorf("the kernel ended with %v", err)
	}
}

func TestAttackedHubServesItsClientAndEngines(t *testing.T) {
	h := newHome(t)
	dir := filepath.Join(h.dir, "profile")
	hub, stopHub := h.start("hub", "--profile-dir="+dir)
	engine, stopEngine := h.start("engine", "--profile-dir="+dir)
	var c *proto.ClientInfo
	for end := time.Now().Add(time.Minute); c == nil; {
		var err error
		if c, err = proto.ReadClientInfo(proto.ClientFile(dir, "")); err != nil && time.Now().After(end) {
			t.Fatal(err)
		}
	}
	rc, err := parallel.Connect(parallel.File(proto.ClientFile(dir, "")), parallel.Timeout(time.Minute))
	if err == nil {
		rc, err = rc.WaitForEngines(1)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	e, err := proto.ReadEngineInfo(proto.EngineFile(dir, ""))
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	for _, port := range []int{c.Registration, c.Control, c.Mux, c.Task, c.IOPub, c.Notification, c.Broadcast,
		e.Control, e.Mux, e.Task, e.IOPub, e.HBPing, e.HBPong, e.Broadcast[0]} {
		addresses = append(addresses, fmt.Sprint("127.0.0.1:", port))
	}
	siege(t, addresses, []int{hub, engine}, func(round int) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := rc[0].Execute(fmt.Sprintf("6*7 + %d", round)).GetContext(ctx); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	})
	for what, stop := range map[string]func() error{"engine": stopEngine, "hub": stopHub} {
		if err := stop(); err != nil {
			t.Errorf("the %s ended with %v", what, err)
		}
	}
}

// TestEngineSurvivesAHostileHub: what an engine dials may be anything, after a restart of the hub's machine for example.
func TestEngineSurvivesAHostileHub(t *testing.T) {
	h := newHome(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	info := proto.EngineInfo{Interface: "tcp://127.0.0.1", Registration: port, Control: port, Mux: port, HBPing: port, HBPong: port,
		Task: port, IOPub: port, Broadcast: []int{port}, Key: "the key", Pack: "json", Unpack: "json", SignatureScheme: proto.SignatureScheme}
	file := filepath.Join(h.dir, "engine.json")
	if err := info.WriteAtomic(file); err != nil {
		t.Fatal(err)
	}
	engine, stop := h.start("engine", "--file="+file, "--timeout=3600")
	var wg sync.WaitGroup
	calls := 0
	called := make(chan struct{}, 1)
	wg.Go(func() {
		r := rand.New(rand.NewPCG(1, 2))
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			calls++
			attacks[r.IntN(len(attacks))](attack{r, c})
			c.Close()
			select {
			case called <- struct{}{}:
			default:
			}
		}
	})
	most := 0
	for end := time.After(*attackTime); ; {
		select {
		case <-called:
			most = max(most, resident(t, engine))
			continue
		case <-time.After(30 * time.Second):
			t.Error("the engine does not try again")
		case <-end:
		}
		break
	}
	l.Close()
	wg.Wait()
	resident(t, engine) // it is there
	t.Logf("the engine called %d times; at most %d MiB resident", calls, most>>20)
	if err := stop(); err != nil || most > maxResident || calls < 2 {
		t.Errorf("the engine ended with %v", err)
	}
}
