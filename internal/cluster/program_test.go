//go:build unix

package cluster_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// program makes the test binary stand in for gopar: its supervisor is the real
// one, its hub and engines speak just enough to register. It returns false if
// the process is a test.
func program() bool {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-") {
		return false
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var err error
	switch os.Args[1] {
	case "cluster":
		err = cluster.Supervise(ctx, logr.Discard())
	case "hub":
		err = hub(ctx, os.Args[2:])
	case "engine":
		err = engine(ctx, os.Args[2:])
	default:
		return false
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return true
}

// misbehave ends or hangs a process as TEST_<part> says.
func misbehave(part string) error {
	switch os.Getenv("TEST_" + part) {
	case "die":
		return errors.New(strings.ToLower(part) + " has no licence")
	case "hang":
		signal.Ignore(syscall.SIGTERM)
		select {}
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
	}
	return nil
}

// testHub is the registry of a hub.
type testHub struct {
	session  *jupyter.Session
	router   *zmtp.Router
	pub      *zmtp.Pub
	shutdown context.CancelFunc

	mu      sync.Mutex
	next    int
	engines map[string]string // id → uuid
}

func hub(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("hub", flag.ContinueOnError)
	dir := flags.String("profile-dir", "", "")
	id := flags.String("cluster-id", "", "")
	restore := flags.Bool("restore", false, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := misbehave("HUB"); err != nil {
		return err
	}
	if os.Getenv("TEST_HUB") == "stubborn" {
		ctx = context.Background()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	const key = "test key"
	h := &testHub{session: jupyter.NewSession([]byte(key)), engines: map[string]string{}, shutdown: cancel}
	h.router = zmtp.NewRouter(zmtp.Options{OnDisconnect: h.lost}, h.query)
	h.pub = zmtp.NewPub(zmtp.Options{})
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		h.router.Close(ctx)
		h.pub.Close(ctx)
	}()
	ports := [2]int{}
	if *restore {
		old, err := proto.ReadClientInfo(proto.ClientFile(*dir, *id))
		if err != nil {
			return err
		}
		ports = [2]int{old.Registration, old.Notification}
	}
	registration, err := listen(h.router, ports[0])
	if err != nil {
		return err
	}
	notification, err := listen(h.pub, ports[1])
	if err != nil {
		return err
	}
	const iface = "tcp://127.0.0.1"
	engine := &proto.EngineInfo{
		Interface: iface, Registration: registration, Key: key, Control: 1, Mux: 1, HBPing: 1, HBPong: 1, Task: 1,
		IOPub: 1, Broadcast: []int{1}, Pack: "json", Unpack: "json", SignatureScheme: proto.SignatureScheme,
	}
	client := &proto.ClientInfo{
		Interface: iface, Registration: registration, Notification: notification, Key: key, Control: 1, Mux: 1,
		Task: 1, TaskScheme: "leastload", IOPub: 1, Broadcast: 1, Pack: "json", Unpack: "json",
		SignatureScheme: proto.SignatureScheme,
	}
	files := []string{proto.EngineFile(*dir, *id), proto.ClientFile(*dir, *id)}
	if err := engine.WriteAtomic(files[0]); err != nil {
		return err
	}
	if err := client.WriteAtomic(files[1]); err != nil {
		return err
	}
	fmt.Println("hub ready")
	<-ctx.Done()
	return errors.Join(os.Remove(files[0]), os.Remove(files[1]))
}

func listen(s interface{ Listen(string) (string, error) }, port int) (int, error) {
	bound, err := s.Listen(fmt.Sprintf("tcp://127.0.0.1:%d", port))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(bound[strings.LastIndex(bound, ":")+1:])
}

func (h *testHub) query(from string, frames [][]byte) {
	m, err := h.session.Decode(frames)
	if err != nil {
		fmt.Println("hub:", err)
		return
	}
	var reply any
	h.mu.Lock()
	switch m.Header.MsgType {
	case "registration_request":
		id := h.next
		h.next++
		h.engines[strconv.Itoa(id)] = from
		reply = proto.RegistrationReply{Status: "ok", ID: id}
	case "connection_request":
		engines := make(map[string]string)
		for id, uuid := range h.engines {
			engines[id] = uuid
		}
		reply = proto.ConnectionReply{Status: "ok", Engines: engines}
	case "shutdown_request":
		reply = proto.OK{Status: "ok"}
		defer h.shutdown()
	}
	h.mu.Unlock()
	out, err := h.session.New(strings.Replace(m.Header.MsgType, "request", "reply", 1), m, reply)
	if err == nil {
		out.Idents = nil
		err = h.router.Send(from, h.session.Encode(out))
	}
	if err == nil && m.Header.MsgType == "registration_request" {
		err = h.notify("registration_notification")
	}
	if err != nil {
		fmt.Println("hub:", err)
	}
}

func (h *testHub) notify(msgType string) error {
	m, err := h.session.New(msgType, nil, proto.EngineNotification{})
	if err != nil {
		return err
	}
	return h.pub.Send(h.session.Encode(m))
}

func (h *testHub) lost(p *zmtp.Peer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, uuid := range h.engines {
		if uuid == p.Identity() {
			delete(h.engines, id)
		}
	}
}

func engine(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("engine", flag.ContinueOnError)
	file := flags.String("file", "", "")
	flags.Int("wait-for-file", 10, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := misbehave("ENGINE"); err != nil {
		return err
	}
	if fault := os.Getenv("TEST_ENGINE_FAULT"); fault != "" {
		if _, err := os.Stat(fault); err == nil {
			return errors.New("the fault is there")
		}
	}
	usr1 := make(chan os.Signal, 1)
	signal.Notify(usr1, syscall.SIGUSR1)
	go func() { // lives as long as the process
		for range usr1 {
			fmt.Println("signal USR1")
		}
	}()
	if os.Getenv("TEST_ENGINE") == "stubborn" {
		ctx = context.Background()
	}
	info, err := proto.ReadEngineInfo(*file)
	for errors.Is(err, proto.ErrNoFile) && ctx.Err() == nil {
		time.Sleep(time.Millisecond) // files have no events
		info, err = proto.ReadEngineInfo(*file)
	}
	if err != nil {
		return err
	}
	s := jupyter.NewSession([]byte(info.Key))
	registered := make(chan struct{}, 1)
	d := zmtp.NewDealer(zmtp.Options{Identity: []byte(s.ID)}, func([][]byte) { registered <- struct{}{} })
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		d.Close(ctx)
	}()
	if err := d.Dial(info.Endpoint(info.Registration)); err != nil {
		return err
	}
	m, err := s.New("registration_request", nil, proto.RegistrationRequest{UUID: s.ID})
	if err != nil {
		return err
	}
	if os.Getenv("TEST_ENGINE") != "mute" {
		if err := d.Send(s.Encode(m)); err != nil {
			return err
		}
	}
	fmt.Println("engine ready in", filepath.Base(*file))
	select {
	case <-ctx.Done():
		return nil
	case <-registered:
	}
	<-ctx.Done()
	return nil
}
