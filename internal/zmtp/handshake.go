package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

const (
	greetingSize  = 64       // of a ZMTP 3 greeting
	signatureSize = 10       // of its first part, common to all versions
	asServer      = 32       // where it says whether the peer is the mechanism's server
	maxReady      = 64 << 10 // of a READY command's body
	maxProperties = 64       // in a READY command; libzmq sends two or three
	maxIdentity   = 255      // RFC 23
)

// Properties of READY, as zmq4 calls them.
const (
	propType     = "Socket-Type"
	propIdentity = "Identity"
)

// errHandshake is the kind of all failures of a handshake that are the peer's doing.
var errHandshake = errors.New("zmtp: handshake")

// remote is what a handshake tells about the peer.
type remote struct {
	kind     zmq4.SocketType
	identity string
	key      Key // with CURVE, the peer's long-term public key
}

// handshake performs greeting and READY on conn through zmq4, until deadline. Bytes that follow the handshake stay in r.
func handshake(conn net.Conn, r *bufio.Reader, kind zmq4.SocketType, identity []byte, server bool, deadline time.Time) (who remote, err error) {
	// zmq4 panics on some malformed READY commands. The guard refuses all that are known; the recover is for those that are not.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: zmq4: %v", errHandshake, v)
		}
	}()
	if err := conn.SetDeadline(deadline); err != nil {
		return remote{}, err
	}
	g := &guard{Conn: conn, r: r}
	c, err := zmq4.Open(g, null.Security(), kind, zmq4.SocketIdentity(identity), server, nil)
	if err != nil {
		return remote{}, err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return remote{}, err
	}
	return remote{kind: zmq4.SocketType(c.Peer.Meta[propType]), identity: c.Peer.Meta[propIdentity]}, nil
}

// guard is the connection that zmq4 sees during a handshake. It lets through one well-formed greeting and one well-formed READY
// command, refuses anything else as early as its bytes allow, and gathers what zmq4 writes piecemeal until zmq4 reads.
type guard struct {
	net.Conn
	r     *bufio.Reader
	out   []byte // written, not yet sent
	in    []byte // checked, not yet read
	stage int    // 0 before the greeting, 1 before READY, 2 after
}

// Write queues p until the next Read.
func (g *guard) Write(p []byte) (int, error) {
	g.out = append(g.out, p...)
	return len(p), nil
}

// Read returns checked bytes.
func (g *guard) Read(p []byte) (int, error) {
	if len(g.out) > 0 {
		if _, err := g.Conn.Write(g.out); err != nil {
			return 0, err
		}
		g.out = nil
	}
	if len(g.in) == 0 {
		var err error
		switch g.stage {
		case 0:
			g.in, err = readGreeting(g.r, mechanismNull)
		case 1:
			g.in, err = readReady(g.r)
		default:
			err = fmt.Errorf("%w: zmq4 reads past READY", errHandshake)
		}
		if err != nil {
			return 0, err
		}
		g.stage++
	}
	n := copy(p, g.in)
	g.in = g.in[n:]
	return n, nil
}

// mechanismNull is NULL's name in greetings.
const mechanismNull = "NULL"

// readGreeting reads a ZMTP 3 greeting with the given security mechanism. It fails on the first byte that shows it is none, because peers of ZMTP 1 and 2, and strangers
// such as HTTP clients, wait for an answer and would hold the connection until the deadline.
func readGreeting(r *bufio.Reader, mechanism string) ([]byte, error) {
	b, err := r.Peek(1)
	if err != nil {
		return nil, unexpected(err)
	}
	if b[0] != 0xff {
		return nil, fmt.Errorf("%w: the peer does not speak ZMTP 2 or later (first byte %#x)", errHandshake, b[0])
	}
	b, err = r.Peek(signatureSize + 1)
	if err != nil {
		return nil, unexpected(err)
	}
	if b[signatureSize-1] != 0x7f {
		return nil, fmt.Errorf("%w: the peer does not speak ZMTP 2 or later (signature ends in %#x)", errHandshake, b[signatureSize-1])
	}
	if v := b[signatureSize]; v < 3 {
		return nil, fmt.Errorf("%w: the peer speaks ZMTP revision %d, 3 is needed (libzmq 4 or later)", errHandshake, v)
	}
	greeting := make([]byte, greetingSize)
	if _, err := io.ReadFull(r, greeting); err != nil {
		return nil, unexpected(err)
	}
	if theirs := string(bytes.TrimRight(greeting[signatureSize+2:asServer], "\x00")); theirs != mechanism {
		return nil, fmt.Errorf("%w: the peer wants mechanism %q, this socket has %s: both sides need encryption, or neither", errHandshake, theirs, mechanism)
	}
	return greeting, nil
}

// readReady reads one READY command and returns one for zmq4: with the properties that matter, under the names that zmq4 knows, as
// names are not case-sensitive but zmq4's are.
func readReady(r *bufio.Reader) ([]byte, error) {
	name, arg, err := readCommand(r)
	if err != nil {
		return nil, err
	}
	switch name {
	case zmq4.CmdReady:
	case zmq4.CmdError:
		return nil, fmt.Errorf("%w: the peer refused: %.200q", errHandshake, arg)
	default:
		return nil, fmt.Errorf("%w: command %.20q instead of READY", errHandshake, name)
	}
	properties, err := parseProperties(arg)
	if err != nil {
		return nil, err
	}
	var clean []byte
	for _, known := range []string{propType, propIdentity} {
		clean = appendProperty(clean, known, properties[strings.ToLower(known)])
	}
	var b batch
	b.addCommand(zmq4.CmdReady, clean)
	return b.data, nil
}

// readCommand reads one command of a handshake.
func readCommand(r *bufio.Reader) (name string, arg []byte, err error) {
	m := messageReader{r: r, maxFrame: maxReady}
	h, err := m.readHeader()
	if err != nil {
		return "", nil, err
	}
	if h.flags&flagCommand == 0 {
		return "", nil, fmt.Errorf("%w: message before READY", errHandshake)
	}
	body, err := m.readBody(h.size)
	if err != nil {
		return "", nil, err
	}
	return splitCommand(body)
}

// appendProperty appends a property of READY's.
func appendProperty(b []byte, name, value string) []byte {
	b = append(append(b, byte(len(name))), name...)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(value))), value...)
}

// splitCommand splits a command's body into its name and argument.
func splitCommand(body []byte) (name string, arg []byte, err error) {
	if len(body) == 0 || int(body[0]) > len(body)-1 {
		return "", nil, fmt.Errorf("%w: truncated command", errFrame)
	}
	n := 1 + int(body[0])
	return string(body[1:n]), body[n:], nil
}

// parseProperties takes the argument of a READY command apart: 1 byte name length, name, 4 bytes value length, value, and so on. The
// result has the names in lower case, and a valid socket type and identity.
func parseProperties(b []byte) (map[string]string, error) {
	properties := make(map[string]string)
	for len(b) > 0 {
		n := int(b[0])
		if n == 0 || len(b) < 1+n+4 {
			return nil, fmt.Errorf("%w: truncated property in READY", errHandshake)
		}
		name := strings.ToLower(string(b[1 : 1+n]))
		size := binary.BigEndian.Uint32(b[1+n:])
		b = b[1+n+4:]
		if uint64(size) > uint64(len(b)) {
			return nil, fmt.Errorf("%w: truncated property %.40q in READY", errHandshake, name)
		}
		if _, twice := properties[name]; twice || len(properties) == maxProperties {
			return nil, fmt.Errorf("%w: property %.40q is repeated in READY, or one too many", errHandshake, name)
		}
		properties[name] = string(b[:size])
		b = b[size:]
	}
	switch kind := zmq4.SocketType(properties["socket-type"]); kind {
	case zmq4.Pair, zmq4.Pub, zmq4.Sub, zmq4.Req, zmq4.Rep, zmq4.Dealer, zmq4.Router, zmq4.Pull, zmq4.Push, zmq4.XPub, zmq4.XSub:
	default:
		return nil, fmt.Errorf("%w: unknown socket type %.40q", errHandshake, kind)
	}
	return properties, checkIdentity([]byte(properties["identity"]))
}

// checkIdentity refuses identities that a peer must not choose. Those that start with a zero byte are given out by this side; a peer
// that took one could receive another's messages.
func checkIdentity(id []byte) error {
	if len(id) > maxIdentity {
		return fmt.Errorf("%w: identity of %d bytes, the limit is %d", errHandshake, len(id), maxIdentity)
	}
	if len(id) > 0 && id[0] == 0 {
		return fmt.Errorf("%w: identity %.20q starts with a zero byte, which is reserved", errHandshake, id)
	}
	return nil
}
