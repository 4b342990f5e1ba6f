package zmtp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"
)

// maxUnixPath is the longest path a socket address holds on Linux (108 with its terminating zero); other systems allow a few less.
const maxUnixPath = 107

// probeTimeout limits the question whether somebody still listens on an ipc path.
const probeTimeout = time.Second

// endpoint is a parsed ZeroMQ address.
type endpoint struct {
	network string // "tcp" or "unix"
	address string // what package net calls the address
	text    string // as the caller wrote it
}

func parseEndpoint(s string) (endpoint, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return endpoint{}, fmt.Errorf("zmtp: endpoint %q is not of the form tcp://host:port or ipc://path", s)
	}
	switch scheme {
	case "tcp":
		host, port, err := net.SplitHostPort(rest)
		if err != nil {
			return endpoint{}, fmt.Errorf("zmtp: endpoint %q: %w", s, err)
		}
		if host == "*" {
			host = ""
		}
		if port == "*" {
			port = "0"
		}
		return endpoint{"tcp", net.JoinHostPort(host, port), s}, nil
	case "ipc":
		if rest == "" {
			return endpoint{}, fmt.Errorf("zmtp: endpoint %q has no path", s)
		}
		if len(rest) > maxUnixPath {
			return endpoint{}, fmt.Errorf("zmtp: endpoint %q: the path has %d bytes, the system's limit is %d: choose a shorter directory",
				s, len(rest), maxUnixPath)
		}
		return endpoint{"unix", rest, s}, nil
	}
	return endpoint{}, fmt.Errorf("zmtp: endpoint %q: transport %q is not supported (tcp and ipc are)", s, scheme)
}

// listen binds e and returns the endpoint that peers on this machine can dial.
func (e endpoint) listen() (net.Listener, string, error) {
	if e.network == "unix" {
		return e.listenIPC()
	}
	l, err := net.Listen(e.network, e.address)
	if err != nil {
		return nil, "", fmt.Errorf("zmtp: listen on %s: %w", e.text, err)
	}
	addr := l.Addr().(*net.TCPAddr)
	if addr.IP.IsUnspecified() && !strings.Contains(e.address, "[::]") {
		// The listener serves IPv4 and IPv6, but libzmq peers do not dial [::] unless told to.
		return l, fmt.Sprintf("tcp://0.0.0.0:%d", addr.Port), nil
	}
	return l, "tcp://" + addr.String(), nil
}

func (e endpoint) listenIPC() (net.Listener, string, error) {
	if err := removeStale(e.address); err != nil {
		return nil, "", fmt.Errorf("zmtp: listen on %s: %w", e.text, err)
	}
	l, err := net.Listen("unix", e.address)
	if err != nil {
		return nil, "", fmt.Errorf("zmtp: listen on %s: %w", e.text, err)
	}
	if !strings.HasPrefix(e.address, "@") {
		_ = os.Chmod(e.address, 0o600) // best effort: other users are kept out by the directory too
	}
	return l, "ipc://" + e.address, nil
}

// removeStale removes the socket file a crashed process left at path. It leaves everything alone that is not a socket, and sockets on
// which somebody still accepts.
func removeStale(path string) error {
	if strings.HasPrefix(path, "@") {
		return nil
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	conn, err := net.DialTimeout("unix", path, probeTimeout)
	if err == nil {
		_ = conn.Close() // the probe has its answer
		return fmt.Errorf("%s is in use by another process", path)
	}
	if !refused(err) {
		return fmt.Errorf("probe %s: %w", path, err)
	}
	return os.Remove(path)
}

// dial connects to e; ctx ends it.
func (e endpoint) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(ctx, e.network, e.address)
}
