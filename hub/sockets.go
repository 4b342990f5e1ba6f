package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// sockets are all the hub listens on.
type sockets struct {
	query, pong                    *zmtp.Router
	muxClients, muxEngines         *zmtp.Router
	taskClients, taskEngines       *zmtp.Router
	bcastClients, bcastEngines     *zmtp.Router
	controlClients, controlEngines *zmtp.Router
	iopubIn                        *zmtp.Sub
	iopubOut, notify, ping         *zmtp.Pub
}

// socket is what sockets of all kinds have in common.
type socket interface {
	Listen(endpoint string) (string, error)
	Close(ctx context.Context) error
}

// binding says where one socket listens: ports are the places in the files
// that name it.
type binding struct {
	socket socket
	ip     string
	port   *int // in one of the files
}

// bindings lists all sockets in the order in which ports are given out.
func (h *Hub) bindings() []binding {
	s, c, e := &h.sockets, &h.client, &h.engine
	if len(e.Broadcast) != 1 {
		e.Broadcast = make([]int, 1)
	}
	return []binding{
		{s.query, h.cfg.IP, &c.Registration},
		{s.muxClients, h.cfg.IP, &c.Mux},
		{s.muxEngines, h.cfg.EngineIP, &e.Mux},
		{s.taskClients, h.cfg.IP, &c.Task},
		{s.taskEngines, h.cfg.EngineIP, &e.Task},
		{s.bcastClients, h.cfg.IP, &c.Broadcast},
		{s.bcastEngines, h.cfg.EngineIP, &e.Broadcast[0]},
		{s.controlClients, h.cfg.IP, &c.Control},
		{s.controlEngines, h.cfg.EngineIP, &e.Control},
		{s.iopubOut, h.cfg.IP, &c.IOPub},
		{s.iopubIn, h.cfg.EngineIP, &e.IOPub},
		{s.notify, h.cfg.IP, &c.Notification},
		{s.ping, h.cfg.EngineIP, &e.HBPing},
		{s.pong, h.cfg.EngineIP, &e.HBPong},
	}
}

// open binds the sockets.
func (h *Hub) open() error {
	if h.cfg.RegistrationPort != 0 {
		h.client.Registration = h.cfg.RegistrationPort
	}
	free := append([]int(nil), h.cfg.Ports...)
	for _, b := range h.bindings() {
		if err := h.bind(b, &free); err != nil {
			return err
		}
	}
	h.engine.Registration = h.client.Registration
	if h.cfg.EngineIP != h.cfg.IP {
		b := binding{h.sockets.query, h.cfg.EngineIP, &h.engine.Registration}
		*b.port = 0
		if err := h.bind(b, &free); err != nil {
			return err
		}
	}
	h.describe()
	return nil
}

// makeSockets creates the sockets with their handlers, not yet bound.
func (h *Hub) makeSockets() {
	router := func(name string, ch channel, on watch) *zmtp.Router {
		o := h.options(on)
		o.Identity = []byte(name)
		if on == 0 {
			o.SendBuffer = h.cfg.ClientBuffer
		}
		o.Receive = func(p *zmtp.Peer, frames [][]byte) error { return h.dispatch(ch, p.Identity(), frames) }
		return zmtp.NewRouter(o, nil)
	}
	s := &h.sockets
	s.query = router("query", query, 0)
	s.muxClients, s.muxEngines = router("mux_in", muxClients, 0), router("mux_out", muxEngines, watchMux)
	s.taskClients, s.taskEngines = router("task_in", taskClients, 0), router("task_out", taskEngines, watchTask)
	s.bcastClients, s.bcastEngines = router("sub_scheduler_0", bcastClients, 0), router("sub_scheduler_00", bcastEngines, watchBroadcast)
	s.controlClients, s.controlEngines = router("control_in", controlClients, 0), router("control_out", controlEngines, watchControl)
	s.iopubOut = zmtp.NewXPub(h.published())
	outputs := h.options(watchIOPub)
	outputs.Receive = func(_ *zmtp.Peer, frames [][]byte) error { return h.dispatch(iopub, "", frames) }
	s.iopubIn = zmtp.NewSub(outputs, nil)
	s.iopubIn.Subscribe(nil)
	notify := h.published()
	notify.OnSubscribe = h.catchUp
	s.notify = zmtp.NewPub(notify)
	ping := h.published()
	ping.OnSubscribe = h.pingAtOnce
	s.ping = zmtp.NewPub(ping)
	pong := h.options(watchHeart)
	pong.MaxFrame = maxBeat // they are not signed: anybody may send them
	pong.Receive = func(p *zmtp.Peer, frames [][]byte) error { return h.pong(p.Identity(), frames) }
	s.pong = zmtp.NewRouter(pong, nil)
}

// options returns a socket's options; on is the part of an engine's
// connections that the socket sees come and go.
func (h *Hub) options(on watch) zmtp.Options {
	o := zmtp.Options{Curve: h.curve, Log: h.log, SendBuffer: h.cfg.SendBuffer}
	if on != 0 {
		o.OnConnect = func(p *zmtp.Peer) { h.connected(p.Identity(), on, local(p.RemoteAddr())) }
		o.OnDisconnect = func(p *zmtp.Peer) { h.disconnected(p.Identity(), on) }
	}
	return o
}

// published returns the options of a PUB socket. Its queues are shorter: a
// subscriber that does not read loses output, not results.
func (h *Hub) published() zmtp.Options {
	return zmtp.Options{Curve: h.curve, Log: h.log, SendBuffer: publishBuffer}
}

// maxBeat bounds a heartbeat; a real one is a number.
const maxBeat = 64 << 10

// publishBuffer bounds the bytes queued for one subscriber.
const publishBuffer = 256 << 20

// bind listens on the port the file says, else on the next free one of the
// configuration, else on any.
func (h *Hub) bind(b binding, free *[]int) error {
	host := b.ip
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	for {
		port := *b.port
		ranged := port == 0 && len(h.cfg.Ports) > 0
		if ranged {
			if len(*free) == 0 {
				return fmt.Errorf("no port of the %d given ones is free: 14 are needed", len(h.cfg.Ports))
			}
			port, *free = (*free)[0], (*free)[1:]
		}
		bound, err := b.socket.Listen(fmt.Sprintf("tcp://%s:%d", host, port))
		if err != nil {
			if ranged {
				continue
			}
			return fmt.Errorf("listen on %s port %d: %w", b.ip, port, err)
		}
		*b.port, err = strconv.Atoi(bound[strings.LastIndexByte(bound, ':')+1:])
		return err
	}
}

// describe fills in the files' common parts.
func (h *Hub) describe() {
	iface := func(ip string) string {
		if ip == "*" {
			ip = "0.0.0.0"
		}
		return "tcp://" + ip
	}
	c, e := &h.client, &h.engine
	c.SSH, e.SSH = h.cfg.SSH, h.cfg.EngineSSH
	c.Interface, e.Interface = iface(h.cfg.IP), iface(h.cfg.EngineIP)
	c.Location, e.Location = h.cfg.Location, h.cfg.Location
	c.Key, e.Key = h.cfg.key, h.cfg.key
	c.CurveServerKey, e.CurveServerKey = nil, nil
	if h.curve != nil {
		public := h.curve.Pair.Public.String()
		c.CurveServerKey, e.CurveServerKey = &public, &public
	}
	c.Pack, c.Unpack, e.Pack, e.Unpack = "json", "json", "json", "json"
	c.SignatureScheme, e.SignatureScheme = proto.SignatureScheme, proto.SignatureScheme
	c.TaskScheme = h.cfg.Scheme.String()
}

// reuseFiles takes ports and key from the files of an earlier hub.
func (h *Hub) reuseFiles() {
	if !h.cfg.Reuse {
		return
	}
	c, err := proto.ReadClientInfo(h.cfg.clientFile())
	if err != nil {
		h.log.Info("no connection file to reuse", "reason", err.Error())
		return
	}
	e, err := proto.ReadEngineInfo(h.cfg.engineFile())
	if err != nil {
		h.log.Info("no connection file to reuse", "reason", err.Error())
		return
	}
	h.client, h.engine, h.cfg.key = *c, *e, c.Key
}

func (h *Hub) writeFiles() error {
	if err := h.client.WriteAtomic(h.cfg.clientFile()); err != nil {
		return err
	}
	return h.engine.WriteAtomic(h.cfg.engineFile())
}

// removeFiles removes the connection files, unless another hub has replaced
// them meanwhile.
func (h *Hub) removeFiles() error {
	var err error
	if c, e := proto.ReadClientInfo(h.cfg.clientFile()); e == nil && c.Key == h.cfg.key && c.Registration == h.client.Registration {
		err = os.Remove(h.cfg.clientFile())
	}
	if g, e := proto.ReadEngineInfo(h.cfg.engineFile()); e == nil && g.Key == h.cfg.key && g.Registration == h.engine.Registration {
		err = errors.Join(err, os.Remove(h.cfg.engineFile()))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// close drains and closes all sockets. Those that bring requests end first.
func (h *Hub) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), h.cfg.Linger) // detached: the caller's context has ended
	defer cancel()
	if h.sockets.query == nil {
		return nil
	}
	for _, b := range h.bindings() {
		if err := b.socket.Close(ctx); err != nil {
			h.log.V(1).Info("messages lost at the end", "reason", err.Error())
		}
	}
	return nil
}

// local reports whether a peer runs on this machine.
func local(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return !ok || t.IP.IsLoopback()
}

// location returns the name others reach this machine by, as ipyparallel has
// it: clients on this machine recognize it.
func location() string {
	if name, err := os.Hostname(); err == nil {
		return name
	}
	return "127.0.0.1"
}
