package proto

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// SignatureScheme is the only one the hub signs with.
const SignatureScheme = "hmac-sha256"

// maxFile bounds a connection file before it is parsed.
const maxFile = 1 << 20

// ClientInfo is ipcontroller-client.json: how a client reaches the hub.
type ClientInfo struct {
	SSH             string  `json:"ssh"`          // user@host to tunnel through, or ""
	Interface       string  `json:"interface"`    // "tcp://127.0.0.1"; ports are appended by Endpoint
	Registration    int     `json:"registration"` // ROUTER: queries
	Control         int     `json:"control"`      // ROUTER
	Mux             int     `json:"mux"`          // ROUTER: direct requests
	Task            int     `json:"task"`         // ROUTER: load-balanced requests
	TaskScheme      string  `json:"task_scheme"`
	IOPub           int     `json:"iopub"`        // PUB
	Notification    int     `json:"notification"` // PUB
	Broadcast       int     `json:"broadcast"`    // ROUTER
	Key             string  `json:"key"`
	CurveServerKey  *string `json:"curve_serverkey"` // z85 or null
	Location        string  `json:"location"`        // address of the hub's machine, for interface 0.0.0.0
	Pack            string  `json:"pack"`            // always "json"
	Unpack          string  `json:"unpack"`
	SignatureScheme string  `json:"signature_scheme"`
}

// EngineInfo is ipcontroller-engine.json: how an engine reaches the hub.
type EngineInfo struct {
	SSH             string  `json:"ssh"`
	Interface       string  `json:"interface"`
	Registration    int     `json:"registration"` // ROUTER
	Control         int     `json:"control"`      // ROUTER
	Mux             int     `json:"mux"`          // ROUTER
	HBPing          int     `json:"hb_ping"`      // PUB
	HBPong          int     `json:"hb_pong"`      // ROUTER
	Task            int     `json:"task"`         // ROUTER
	IOPub           int     `json:"iopub"`        // SUB
	Broadcast       []int   `json:"broadcast"`    // ROUTERs; an engine uses number id % len
	Key             string  `json:"key"`
	CurveServerKey  *string `json:"curve_serverkey"`
	Location        string  `json:"location"`
	Pack            string  `json:"pack"`
	Unpack          string  `json:"unpack"`
	SignatureScheme string  `json:"signature_scheme"`
}

// Endpoint returns the address of a port of this file, "tcp://host:port".
func (c *ClientInfo) Endpoint(port int) string { return endpoint(c.Interface, c.Location, port) }

// Endpoint returns the address of a port of this file, "tcp://host:port".
func (e *EngineInfo) Endpoint(port int) string { return endpoint(e.Interface, e.Location, port) }

// endpoint turns a wildcard interface into the hub's location, or into
// loopback when that location is this very machine.
func endpoint(iface, location string, port int) string {
	if path, ok := strings.CutPrefix(iface, "ipc://"); ok {
		return fmt.Sprintf("ipc://%s-%d", path, port)
	}
	host := strings.TrimPrefix(iface, "tcp://")
	if host == "*" || host == "0.0.0.0" || host == "[::]" || host == "" {
		host = location
		if host == "" || isLocal(host) {
			host = "127.0.0.1"
		}
	}
	return fmt.Sprintf("tcp://%s:%d", host, port)
}

// isLocal reports whether host names an address of this machine.
func isLocal(host string) bool {
	if name, err := os.Hostname(); err == nil && strings.EqualFold(name, host) || host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	if ip == nil {
		return false
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
			return true
		}
	}
	return false
}

// ErrNoFile says that the connection file does not exist: no hub runs there.
var ErrNoFile = errors.New("no connection file")

// ReadClientInfo reads and checks ipcontroller-client.json.
func ReadClientInfo(path string) (*ClientInfo, error) {
	var c ClientInfo
	if err := read(path, &c); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("connection file %s: %w", path, err)
	}
	return &c, nil
}

// ReadEngineInfo reads and checks ipcontroller-engine.json.
func ReadEngineInfo(path string) (*EngineInfo, error) {
	var e EngineInfo
	if err := read(path, &e); err != nil {
		return nil, err
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("connection file %s: %w", path, err)
	}
	return &e, nil
}

// ParseEngineInfo decodes the file's text as launchers pass it in
// $IPP_CONNECTION_INFO.
func ParseEngineInfo(text []byte) (*EngineInfo, error) {
	var e EngineInfo
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("connection info: %w", err)
	}
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("connection info: %w", err)
	}
	return &e, nil
}

// WriteAtomic writes the file, mode 0600, so that a reader sees all of it or
// nothing. The directory is created if need be, mode 0700.
func (c *ClientInfo) WriteAtomic(path string) error { return writeAtomic(path, c) }

// WriteAtomic writes the file, mode 0600, so that a reader sees all of it or
// nothing. The directory is created if need be, mode 0700.
func (e *EngineInfo) WriteAtomic(path string) error { return writeAtomic(path, e) }

func (c *ClientInfo) check() error {
	if err := checkPack(c.Pack, c.Unpack, c.SignatureScheme, c.Interface, c.CurveServerKey); err != nil {
		return err
	}
	return checkPorts(c.Registration, c.Control, c.Mux, c.Task, c.IOPub, c.Notification, c.Broadcast)
}

func (e *EngineInfo) check() error {
	if err := checkPack(e.Pack, e.Unpack, e.SignatureScheme, e.Interface, e.CurveServerKey); err != nil {
		return err
	}
	if len(e.Broadcast) == 0 {
		return errors.New("no broadcast port")
	}
	return checkPorts(append([]int{e.Registration, e.Control, e.Mux, e.Task, e.IOPub, e.HBPing, e.HBPong}, e.Broadcast...)...)
}

func checkPack(pack, unpack, scheme, iface string, curve *string) error {
	switch {
	case pack != "" && pack != "json" || unpack != "" && unpack != "json":
		return fmt.Errorf("messages are packed with %q, only json is supported", pack)
	case scheme != "" && scheme != SignatureScheme:
		return fmt.Errorf("signature scheme %q, only %s is supported", scheme, SignatureScheme)
	case !strings.HasPrefix(iface, "tcp://") && !strings.HasPrefix(iface, "ipc://"):
		return fmt.Errorf("interface %q is neither tcp:// nor ipc://", iface)
	}
	if curve != nil && *curve != "" {
		if _, err := zmtp.ParseKey(*curve); err != nil {
			return fmt.Errorf("curve_serverkey: %w", err)
		}
	}
	return nil
}

func checkPorts(ports ...int) error {
	for _, p := range ports {
		if p < 1 || p > 65535 {
			return fmt.Errorf("%d is no port", p)
		}
	}
	return nil
}

// read decodes a bounded JSON file.
func read(path string, v any) error {
	b, err := readBounded(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("connection file %s: %w", path, err)
	}
	return nil
}

// readBounded reads a file of at most maxFile bytes.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoFile, path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s: larger than %d bytes", path, maxFile)
	}
	return b, err
}
