package zmtp

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/crypto/nacl/box"
	"golang.org/x/crypto/nacl/secretbox"
)

// Curve makes a socket encrypt and authenticate all its connections by CurveZMQ (RFC 26), as libzmq's CURVE options do. Peers that do
// not speak it are refused.
//
// A socket is a server or a client of CURVE, whether it listens or dials. A client proves that it has Pair, and refuses every server
// but the one whose public key it knows. Both sides make short-term keys for each connection, so that who gets hold of the long-term
// ones later cannot read what was recorded.
type Curve struct {
	// Pair is the socket's own long-term key pair.
	Pair KeyPair

	// Server is the public key of the server, for a client. Default: none, the socket is the server.
	Server Key

	// Allow, if not nil, is asked by a server whether it wants the client with this public key, which the client has proved to have; it
	// is called from the goroutine of the connection. Default: every client that knows the server's public key is welcome.
	Allow func(client Key) bool
}

// server reports whether the socket is the server of its connections.
func (c *Curve) server() bool { return c.Server == Key{} }

// mechanism is CURVE's name in greetings.
const mechanismCurve = "CURVE"

// Commands of CURVE's handshake, and what carries messages after it.
const (
	cmdHello    = "HELLO"
	cmdWelcome  = "WELCOME"
	cmdInitiate = "INITIATE"
	cmdMessage  = "MESSAGE"
)

// What nonces begin with. Those of sixteen bytes are completed by a counter, those of eight by random bytes.
const (
	nonceHello    = "CurveZMQHELLO---"
	nonceInitiate = "CurveZMQINITIATE"
	nonceReady    = "CurveZMQREADY---"
	nonceClient   = "CurveZMQMESSAGEC"
	nonceServer   = "CurveZMQMESSAGES"
	nonceWelcome  = "WELCOME-"
	nonceVouch    = "VOUCH---"
)

const (
	nonceSize  = 24
	shortNonce = 8  // of a nonce that counts, on the wire
	longNonce  = 16 // of a random one
	overhead   = secretbox.Overhead
	cookieSize = 96
)

// errCurve is the kind of failures of CURVE: something does not open, or comes again.
var errCurve = errors.New("zmtp: CURVE")

// shared is the key that two parties have in common.
type shared [keySize]byte

// agree returns the key that whoever has public's secret key can compute, too: what NaCl calls crypto_box_beforenm. It refuses public
// keys of low order, with which anybody could.
func agree(public Key, secret SecretKey) (*shared, error) {
	var k [keySize]byte
	box.Precompute(&k, (*[keySize]byte)(&public), (*[keySize]byte)(&secret))
	if subtle.ConstantTimeCompare(k[:], lowOrder()[:]) == 1 {
		return nil, fmt.Errorf("%w: public key of low order", errCurve)
	}
	return (*shared)(&k), nil
}

// lowOrder is the key that all public keys of low order lead to.
var lowOrder = sync.OnceValue(func() *[keySize]byte {
	var k, zero [keySize]byte
	box.Precompute(&k, &zero, &zero)
	return &k
})

// seal appends the box of message to out.
func (k *shared) seal(out, message []byte, nonce *[nonceSize]byte) []byte {
	return secretbox.Seal(out, message, nonce, (*[keySize]byte)(k))
}

// open appends what is in box to out. The comparison of the authenticator takes the same time whatever it finds.
func (k *shared) open(out, box []byte, nonce *[nonceSize]byte) ([]byte, bool) {
	return secretbox.Open(out, box, nonce, (*[keySize]byte)(k))
}

// counted returns the nonce that prefix and a counter make.
func counted(prefix string, n uint64) *[nonceSize]byte {
	var nonce [nonceSize]byte
	copy(nonce[:], prefix)
	binary.BigEndian.PutUint64(nonce[nonceSize-shortNonce:], n)
	return &nonce
}

// chosen returns the nonce that prefix and the sixteen bytes of a command make.
func chosen(prefix string, rest []byte) *[nonceSize]byte {
	var nonce [nonceSize]byte
	copy(nonce[:], prefix)
	copy(nonce[len(prefix):], rest)
	return &nonce
}

// random returns n random bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the process if the system has no randomness
	return b
}

// counters are the nonces of one connection: each side counts upwards over handshake and messages, and refuses what does not.
type counters struct {
	out, in uint64
}

// next returns the nonce of what is sent next.
func (c *counters) next() uint64 {
	c.out++
	return c.out
}

// came checks the nonce of what came.
func (c *counters) came(n uint64) error {
	if n <= c.in {
		return fmt.Errorf("%w: nonce %d comes after %d: it was recorded and sent again", errCurve, n, c.in)
	}
	c.in = n
	return nil
}
