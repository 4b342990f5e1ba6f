package jupyter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// Names of a kernel's channels, as [ConnectionInfo.Endpoint] and
// [Request.Channel] use them.
const (
	Shell     = "shell"
	Control   = "control"
	IOPub     = "iopub"
	Stdin     = "stdin"
	Heartbeat = "hb"
)

// SignatureScheme is the only way of signing that is implemented; it is what
// every front end uses.
const SignatureScheme = "hmac-sha256"

// maxConnectionFile bounds a connection file; a real one has about 400 bytes.
const maxConnectionFile = 1 << 20

// ConnectionInfo is a kernel's connection file: where its channels are and the
// key that signs messages.
type ConnectionInfo struct {
	Transport   string `json:"transport"` // "tcp" or "ipc"; empty: tcp
	IP          string `json:"ip"`        // for ipc the path before "-<port>"
	ShellPort   int    `json:"shell_port"`
	IOPubPort   int    `json:"iopub_port"`
	StdinPort   int    `json:"stdin_port"`
	ControlPort int    `json:"control_port"`
	HBPort      int    `json:"hb_port"`
	Key         string `json:"key"`
	// SignatureScheme is hmac-sha256; empty means the same.
	SignatureScheme string `json:"signature_scheme"`
	KernelName      string `json:"kernel_name,omitempty"`
	// CurvePublicKey and CurveSecretKey are the kernel's key pair in Z85: with
	// them all channels are encrypted, as jupyter_client's transport_encryption
	// has it. Front ends use the same pair as theirs.
	CurvePublicKey string `json:"curve_publickey,omitempty"`
	CurveSecretKey string `json:"curve_secretkey,omitempty"`
}

// Curve returns what a front end encrypts its connections with; nil if the
// kernel does not encrypt.
func (c *ConnectionInfo) Curve() (*zmtp.Curve, error) {
	curve, err := c.serverCurve()
	if curve != nil {
		curve.Server = curve.Pair.Public
	}
	return curve, err
}

// serverCurve returns the kernel's side of Curve.
func (c *ConnectionInfo) serverCurve() (*zmtp.Curve, error) {
	if c.CurvePublicKey == "" && c.CurveSecretKey == "" {
		return nil, nil
	}
	pair, err := zmtp.ParseKeyPair(c.CurvePublicKey, c.CurveSecretKey)
	if err != nil {
		return nil, err
	}
	return &zmtp.Curve{Pair: pair}, nil
}

// ReadConnectionFile reads and checks the connection file at path.
func ReadConnectionFile(path string) (ConnectionInfo, error) {
	var info ConnectionInfo
	f, err := os.Open(path)
	if err != nil {
		return info, fmt.Errorf("connection file: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(io.LimitReader(f, maxConnectionFile))
	if err != nil {
		return info, fmt.Errorf("connection file %s: %w", path, err)
	}
	if err := json.Unmarshal(b, &info); err != nil {
		return info, fmt.Errorf("connection file %s: %w", path, err)
	}
	if err := info.check(); err != nil {
		return info, fmt.Errorf("connection file %s: %w", path, err)
	}
	return info, nil
}

// WriteConnectionFile writes info to path so that only the user can read it
// and a reader sees all of it or nothing.
func WriteConnectionFile(path string, info ConnectionInfo) error {
	b, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return fmt.Errorf("connection file: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".connection-*") // mode 0600
	if err != nil {
		return fmt.Errorf("connection file: %w", err)
	}
	_, err = tmp.Write(append(b, '\n'))
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // best effort: the error below matters more
		return fmt.Errorf("connection file %s: %w", path, err)
	}
	return nil
}

// Endpoint returns the ZeroMQ endpoint of a channel: "tcp://127.0.0.1:5555",
// or "ipc:///run/kernel-1" for ipc.
func (c ConnectionInfo) Endpoint(channel string) string {
	port := strconv.Itoa(*c.port(channel))
	if c.Transport == "ipc" {
		return "ipc://" + c.IP + "-" + port
	}
	ip := c.IP
	if ip == "" {
		ip = "127.0.0.1"
	}
	return "tcp://" + net.JoinHostPort(ip, port)
}

// port returns the field of a channel.
func (c *ConnectionInfo) port(channel string) *int {
	switch channel {
	case Shell:
		return &c.ShellPort
	case Control:
		return &c.ControlPort
	case IOPub:
		return &c.IOPubPort
	case Stdin:
		return &c.StdinPort
	default:
		return &c.HBPort
	}
}

// check refuses what cannot be served.
func (c *ConnectionInfo) check() error {
	switch c.Transport {
	case "", "tcp", "ipc":
	default:
		return fmt.Errorf("transport %q is not tcp or ipc", c.Transport)
	}
	if c.Transport == "ipc" && c.IP == "" {
		return errors.New("transport ipc needs a path in ip")
	}
	if s := c.SignatureScheme; s != "" && s != SignatureScheme {
		return fmt.Errorf("signature_scheme %q is not %s", s, SignatureScheme)
	}
	for _, ch := range []string{Shell, Control, IOPub, Stdin, Heartbeat} {
		if p := *c.port(ch); p < 0 || p > 65535 {
			return fmt.Errorf("%s_port %d is not a port", ch, p)
		}
	}
	curve, err := c.serverCurve()
	if err != nil {
		return err
	}
	if c.Key == "" && curve == nil && !c.private() {
		return fmt.Errorf("there is no key, and %s is not this machine alone: whoever reaches it could run code; "+
			"give it a key, or use 127.0.0.1 or ipc", c.IP)
	}
	return nil
}

// private reports whether only this machine can reach the endpoints.
func (c *ConnectionInfo) private() bool {
	if c.Transport == "ipc" || c.IP == "" || c.IP == "localhost" {
		return true
	}
	ip := net.ParseIP(c.IP)
	return ip != nil && ip.IsLoopback()
}
