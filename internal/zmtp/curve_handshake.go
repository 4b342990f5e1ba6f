package zmtp

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"net"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Sizes of commands' arguments, without their names.
const (
	helloSize    = 2 + 72 + keySize + shortNonce + 64 + overhead
	welcomeSize  = longNonce + keySize + cookieSize + overhead
	vouchSize    = longNonce + 2*keySize + overhead
	initiateSize = cookieSize + shortNonce + keySize + vouchSize + overhead // without metadata
	readySize    = shortNonce + overhead                                    // without metadata
)

// curveHandshake is one CURVE handshake under way.
type curveHandshake struct {
	*Curve
	conn     net.Conn
	r        *bufio.Reader
	kind     zmq4.SocketType
	identity []byte
	counters counters
}

// secured is the outcome of a CURVE handshake.
type secured struct {
	who      remote
	key      *shared // of the two short-term key pairs
	counters counters
}

// handshake performs greeting and CURVE's handshake on conn until deadline. What follows the handshake comes out of the connection it
// returns.
func (c *Curve) handshake(conn net.Conn, r *bufio.Reader, kind zmq4.SocketType, o *Options, deadline time.Time) (remote, *curveConn, error) {
	if err := conn.SetDeadline(deadline); err != nil {
		return remote{}, nil, err
	}
	h := curveHandshake{Curve: c, conn: conn, r: r, kind: kind, identity: o.Identity}
	s, err := h.perform()
	if err != nil {
		return remote{}, nil, err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return remote{}, nil, err
	}
	return s.who, newCurveConn(conn, r, s, c.server(), o.MaxFrame), nil
}

func (h *curveHandshake) perform() (*secured, error) {
	if _, err := h.conn.Write(curveGreeting(h.server())); err != nil {
		return nil, err
	}
	greeting, err := readGreeting(h.r, mechanismCurve)
	if err != nil {
		return nil, err
	}
	if !h.server() {
		return h.request()
	}
	if greeting[asServer] != 0 { // a zero says nothing: libzmq never sets it
		return nil, fmt.Errorf("%w: both sides want to be CURVE's server", errHandshake)
	}
	return h.serve()
}

// curveGreeting is the greeting of a socket with CURVE.
func curveGreeting(server bool) []byte {
	g := make([]byte, greetingSize)
	g[0], g[signatureSize-1], g[signatureSize] = 0xff, 0x7f, 3
	copy(g[signatureSize+2:], mechanismCurve)
	if server {
		g[asServer] = 1
	}
	return g
}

// request is the client's part: HELLO, WELCOME, INITIATE, READY.
func (h *curveHandshake) request() (*secured, error) {
	short, err := NewKeyPair()
	if err != nil {
		return nil, err
	}
	hello, err := makeHello(short, h.Server, h.counters.next())
	if err != nil {
		return nil, err
	}
	if err := h.send(cmdHello, hello); err != nil {
		return nil, err
	}
	arg, err := h.receive(cmdWelcome, welcomeSize, welcomeSize)
	if err != nil {
		return nil, err
	}
	theirs, cookie, err := openWelcome(arg, h.Server, short.Secret)
	if err != nil {
		return nil, err
	}
	key, err := agree(theirs, short.Secret)
	if err != nil {
		return nil, err
	}
	initiate, err := h.makeInitiate(key, short.Public, theirs, cookie)
	if err != nil {
		return nil, err
	}
	if err := h.send(cmdInitiate, initiate); err != nil {
		return nil, err
	}
	arg, err = h.receive(zmq4.CmdReady, readySize, maxReady)
	if err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint64(arg)
	if err := h.counters.came(n); err != nil {
		return nil, err
	}
	metadata, ok := key.open(nil, arg[shortNonce:], counted(nonceReady, n))
	if !ok {
		return nil, fmt.Errorf("%w: READY does not open", errCurve)
	}
	who, err := h.meet(metadata, h.Server)
	return &secured{who, key, h.counters}, err
}

// serve is the server's part.
func (h *curveHandshake) serve() (*secured, error) {
	arg, err := h.receive(cmdHello, helloSize, helloSize)
	if err != nil {
		return nil, err
	}
	theirs, err := h.openHello(arg)
	if err != nil {
		return nil, err
	}
	short, err := NewKeyPair()
	if err != nil {
		return nil, err
	}
	// In the RFC the cookie carries this side's state, so that a server need not keep any for a client that said no more than HELLO. A
	// connection is such a state already, so the cookie is only a number that is its own.
	cookie := random(cookieSize)
	welcome, err := makeWelcome(theirs, h.Pair.Secret, short.Public, cookie)
	if err != nil {
		return nil, err
	}
	if err := h.send(cmdWelcome, welcome); err != nil {
		return nil, err
	}
	if arg, err = h.receive(cmdInitiate, initiateSize, maxReady); err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(arg[:cookieSize], cookie) != 1 {
		return nil, fmt.Errorf("%w: INITIATE has another connection's cookie", errCurve)
	}
	key, err := agree(theirs, short.Secret)
	if err != nil {
		return nil, err
	}
	client, metadata, err := h.openInitiate(arg[cookieSize:], key, theirs, short.Secret)
	if err != nil {
		return nil, err
	}
	if h.Allow != nil && !h.Allow(client) {
		_ = h.send(zmq4.CmdError, []byte("\x03400")) // best effort: it is told why; 400 is ZAP's answer to unknown keys
		return nil, fmt.Errorf("%w: a client with public key %s is not allowed", errCurve, client)
	}
	who, err := h.meet(metadata, client)
	if err != nil {
		return nil, err
	}
	n := h.counters.next()
	ready := binary.BigEndian.AppendUint64(nil, n)
	return &secured{who, key, h.counters}, h.send(zmq4.CmdReady, key.seal(ready, h.metadata(), counted(nonceReady, n)))
}

// makeHello returns a HELLO's argument: version, padding against amplification, the client's short-term key, and a box that only
// somebody who knows the server's key can make.
func makeHello(short KeyPair, server Key, nonce uint64) ([]byte, error) {
	key, err := agree(server, short.Secret)
	if err != nil {
		return nil, err
	}
	arg := make([]byte, 2+72, helloSize)
	arg[0] = 1
	arg = append(arg, short.Public[:]...)
	arg = binary.BigEndian.AppendUint64(arg, nonce)
	return key.seal(arg, make([]byte, 64), counted(nonceHello, nonce)), nil
}

// openHello returns the client's short-term key.
func (h *curveHandshake) openHello(arg []byte) (theirs Key, err error) {
	if arg[0] != 1 {
		return theirs, fmt.Errorf("%w: version %d.%d of CURVE, this is 1.0", errCurve, arg[0], arg[1])
	}
	rest := arg[2+72:]
	copy(theirs[:], rest)
	n := binary.BigEndian.Uint64(rest[keySize:])
	if err := h.counters.came(n); err != nil {
		return theirs, err
	}
	key, err := agree(theirs, h.Pair.Secret)
	if err != nil {
		return theirs, err
	}
	zeros, ok := key.open(nil, rest[keySize+shortNonce:], counted(nonceHello, n))
	if !ok || !bytes.Equal(zeros, make([]byte, 64)) {
		return theirs, fmt.Errorf("%w: HELLO does not open: the client has another server's public key, of an older connection file for example", errCurve)
	}
	return theirs, nil
}

// makeWelcome returns a WELCOME's argument: the server's short-term key and the cookie, boxed for the client.
func makeWelcome(client Key, long SecretKey, short Key, cookie []byte) ([]byte, error) {
	key, err := agree(client, long)
	if err != nil {
		return nil, err
	}
	nonce := random(longNonce)
	return key.seal(nonce, append(short[:], cookie...), chosen(nonceWelcome, nonce)), nil
}

// openWelcome returns the server's short-term key and the cookie. That it opens proves that the server has the server's key.
func openWelcome(arg []byte, server Key, short SecretKey) (theirs Key, cookie []byte, err error) {
	key, err := agree(server, short)
	if err != nil {
		return theirs, nil, err
	}
	plain, ok := key.open(nil, arg[longNonce:], chosen(nonceWelcome, arg[:longNonce]))
	if !ok {
		return theirs, nil, fmt.Errorf("%w: WELCOME does not open: the server is not the one whose public key is known here", errCurve)
	}
	copy(theirs[:], plain)
	return theirs, plain[keySize:], nil
}

// makeInitiate returns an INITIATE's argument: the cookie, and in a box the client's long-term key, the proof that it has it (the vouch)
// and its metadata.
func (h *curveHandshake) makeInitiate(key *shared, short, theirs Key, cookie []byte) ([]byte, error) {
	long, err := agree(theirs, h.Pair.Secret)
	if err != nil {
		return nil, err
	}
	nonce := random(longNonce)
	vouch := long.seal(nonce, append(bytes.Clone(short[:]), h.Server[:]...), chosen(nonceVouch, nonce))
	plain := append(bytes.Clone(h.Pair.Public[:]), vouch...)
	plain = append(plain, h.metadata()...)
	n := h.counters.next()
	arg := binary.BigEndian.AppendUint64(bytes.Clone(cookie), n)
	return key.seal(arg, plain, counted(nonceInitiate, n)), nil
}

// openInitiate returns the client's long-term key, which it has proved to have, and its metadata.
func (h *curveHandshake) openInitiate(arg []byte, key *shared, theirs Key, short SecretKey) (client Key, metadata []byte, err error) {
	n := binary.BigEndian.Uint64(arg)
	if err := h.counters.came(n); err != nil {
		return client, nil, err
	}
	plain, ok := key.open(nil, arg[shortNonce:], counted(nonceInitiate, n))
	if !ok {
		return client, nil, fmt.Errorf("%w: INITIATE does not open", errCurve)
	}
	copy(client[:], plain)
	vouch := plain[keySize : keySize+vouchSize]
	long, err := agree(client, short)
	if err != nil {
		return client, nil, err
	}
	vouched, ok := long.open(nil, vouch[longNonce:], chosen(nonceVouch, vouch[:longNonce]))
	// The second half, the server's key, keeps a server from using a client's vouch to pass for it at another server.
	if !ok || subtle.ConstantTimeCompare(vouched[:keySize], theirs[:]) != 1 || subtle.ConstantTimeCompare(vouched[keySize:], h.Pair.Public[:]) != 1 {
		return client, nil, fmt.Errorf("%w: the client does not prove that it has the key %s", errCurve, client)
	}
	return client, plain[keySize+vouchSize:], nil
}

// metadata tells the peer what this socket is.
func (h *curveHandshake) metadata() []byte {
	return appendProperty(appendProperty(nil, propType, string(h.kind)), propIdentity, string(h.identity))
}

// meet reads the peer's metadata.
func (h *curveHandshake) meet(metadata []byte, key Key) (remote, error) {
	properties, err := parseProperties(metadata)
	if err != nil {
		return remote{}, err
	}
	kind := zmq4.SocketType(properties["socket-type"])
	if !kind.IsCompatible(h.kind) {
		return remote{}, fmt.Errorf("%w: a %s cannot talk to a %s", errHandshake, kind, h.kind)
	}
	return remote{kind: kind, identity: properties["identity"], key: key}, nil
}

func (h *curveHandshake) send(name string, arg []byte) error {
	var b batch
	b.addCommand(name, arg)
	_, err := h.conn.Write(b.data)
	b.reset()
	return err
}

// receive returns the argument of the next command, which must be name, of least to most bytes.
func (h *curveHandshake) receive(name string, least, most int) ([]byte, error) {
	got, arg, err := readCommand(h.r)
	switch {
	case err != nil:
		return nil, err
	case got == zmq4.CmdError:
		return nil, fmt.Errorf("%w: the peer refused: %.200q", errHandshake, arg)
	case got != name:
		return nil, fmt.Errorf("%w: command %.20q instead of %s", errHandshake, got, name)
	case len(arg) < least || len(arg) > most:
		return nil, fmt.Errorf("%w: %s of %d bytes", errHandshake, name, len(arg))
	}
	return arg, nil
}
