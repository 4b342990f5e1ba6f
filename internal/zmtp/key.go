package zmtp

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// keySize is the size of a Curve25519 key, and textSize that of its Z85 text.
const (
	keySize  = 32
	textSize = 40
)

// Key is a public key of CurveZMQ. Its text is Z85, as libzmq and ipyparallel write keys.
type Key [keySize]byte

// SecretKey is a secret key of CurveZMQ. However it is formatted, it does not show; Z85 gives its text.
type SecretKey [keySize]byte

// KeyPair is a long-term identity: what a server is known by, or a client.
type KeyPair struct {
	Public Key
	Secret SecretKey
}

// NewKeyPair makes a key pair.
func NewKeyPair() (KeyPair, error) {
	k, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		return KeyPair{}, fmt.Errorf("zmtp: make a key pair: %w", err)
	}
	return KeyPair{Key(k.PublicKey().Bytes()), SecretKey(k.Bytes())}, nil
}

// ParseKey reads a public key's Z85 text.
func ParseKey(text string) (Key, error) {
	b, err := decodeZ85(text)
	if err != nil {
		return Key{}, fmt.Errorf("zmtp: public key %.50q: %w", text, err)
	}
	return b, nil
}

// ParseKeyPair reads the Z85 texts of a key pair. An empty public key is made from the secret one; one that does not belong to it is an
// error. Errors do not show the secret key.
func ParseKeyPair(public, secret string) (KeyPair, error) {
	b, err := decodeZ85(secret)
	if err != nil {
		return KeyPair{}, fmt.Errorf("zmtp: secret key: %w", err)
	}
	k, err := ecdh.X25519().NewPrivateKey(b[:])
	if err != nil {
		return KeyPair{}, fmt.Errorf("zmtp: secret key: %w", err)
	}
	pair := KeyPair{Key(k.PublicKey().Bytes()), b}
	if public == "" {
		return pair, nil
	}
	given, err := ParseKey(public)
	if err != nil {
		return KeyPair{}, err
	}
	if given != pair.Public {
		return KeyPair{}, fmt.Errorf("zmtp: public key %s does not belong to the secret key; the one that does is %s", given, pair.Public)
	}
	return pair, nil
}

// String returns the key's Z85 text.
func (k Key) String() string { return encodeZ85(k) }

// Z85 returns the key's text. Whoever writes it somewhere sees to it that nobody else can read it.
func (k SecretKey) Z85() string { return encodeZ85(k) }

// String hides the key.
func (k SecretKey) String() string { return "(secret)" }

// Format hides the key from every verb.
func (k SecretKey) Format(s fmt.State, _ rune) { fmt.Fprint(s, k.String()) }

// z85 are the digits of ZeroMQ's base 85 (RFC 32): five of them are four bytes, big endian.
const z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"

func encodeZ85(key [keySize]byte) string {
	text := make([]byte, 0, textSize)
	for i := 0; i < keySize; i += 4 {
		n := binary.BigEndian.Uint32(key[i:])
		for div := uint32(85 * 85 * 85 * 85); div > 0; div /= 85 {
			text = append(text, z85[n/div%85])
		}
	}
	return string(text)
}

// decodeZ85 reads the text of a key. Its errors tell nothing of it but the length.
func decodeZ85(text string) (key [keySize]byte, err error) {
	if len(text) != textSize {
		return key, fmt.Errorf("%d characters, a key in Z85 has %d", len(text), textSize)
	}
	for i := range keySize / 4 {
		var n uint64
		for _, c := range []byte(text[5*i : 5*i+5]) {
			digit := strings.IndexByte(z85, c)
			if digit < 0 {
				return key, errors.New("not Z85: a character is none of its digits")
			}
			n = 85*n + uint64(digit)
		}
		if n > 1<<32-1 {
			return key, errors.New("not Z85: five characters stand for more than four bytes")
		}
		binary.BigEndian.PutUint32(key[4*i:], uint32(n))
	}
	return key, nil
}
