package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"golang.org/x/crypto/nacl/secretbox"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPrimitivesAreNaCls compares with the example of "Cryptography in NaCl" (Bernstein, 2009).
func TestPrimitivesAreNaCls(t *testing.T) {
	t.Parallel()
	alice := SecretKey(unhex(t, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
	bob := Key(unhex(t, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"))
	first, err := agree(bob, alice)
	if err != nil || hex.EncodeToString(first[:]) != "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389" {
		t.Fatalf("first key %x, %v", first, err)
	}
	message := unhex(t, "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c6129"+
		"6cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd49"+
		"24ca1c60902e52f0a089bc76897040e082f937763848645e0705")
	var nonce [24]byte
	copy(nonce[:], unhex(t, "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37"))
	if got := hex.EncodeToString(first.seal(nil, message, &nonce)); got != "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650"+
		"ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8a"+
		"b932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5" {
		t.Errorf("box %s", got)
	}
}

func TestPublicKeysOfLowOrderAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		if _, err := agree(Key(unhex(t, text)), pair(t).Secret); !errors.Is(err, errCurve) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func pair(t testing.TB) KeyPair {
	t.Helper()
	p, err := NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// said is a connection whose peer has said all already, and does not listen.
type said struct {
	net.Conn
	io.Reader
	io.Writer
}

func (s said) Read(p []byte) (int, error)  { return s.Reader.Read(p) }
func (s said) Write(p []byte) (int, error) { return s.Writer.Write(p) }
func (s said) SetDeadline(time.Time) error { return nil }
func says(b []byte) said                   { return said{Reader: bytes.NewReader(b), Writer: io.Discard} }
func (s said) reader() *bufio.Reader       { return bufio.NewReaderSize(s, readBuffer) }

// command returns a command as it travels.
func command(name string, arg []byte) []byte {
	var b batch
	b.addCommand(name, arg)
	return bytes.Clone(b.data)
}

// FuzzCurveHandshake gives a server and a client what a stranger says: no input gets through, none does harm.
func FuzzCurveHandshake(f *testing.F) {
	server, client := pair(f), pair(f)
	short := pair(f)
	hello, err := makeHello(short, server.Public, 1)
	if err != nil {
		f.Fatal(err)
	}
	welcome, err := makeWelcome(short.Public, server.Secret, pair(f).Public, random(cookieSize))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(curveGreeting(false), command(cmdHello, hello)...))
	f.Add(slices.Concat(curveGreeting(false), command(cmdHello, hello), command(cmdInitiate, make([]byte, initiateSize+40))))
	f.Add(append(curveGreeting(true), command(cmdWelcome, welcome)...))
	f.Add(slices.Concat(curveGreeting(true), command(cmdWelcome, welcome), command("READY", make([]byte, readySize))))
	f.Add(append(curveGreeting(true), command("ERROR", []byte("\x03400"))...))
	f.Add(append(curveGreeting(false), command(cmdHello, hello[:100])...))
	f.Fuzz(func(t *testing.T, input []byte) {
		for _, c := range []*Curve{{Pair: server}, {Pair: client, Server: server.Public}} {
			conn := says(input)
			if _, _, err := c.handshake(conn, conn.reader(), zmq4.Router, &Options{MaxFrame: 1 << 20}, time.Time{}); err == nil {
				t.Fatal("a stranger got through")
			}
		}
	})
}

// FuzzCurveInitiate gives a server what a client with the right keys puts into INITIATE's box, and a client what a server puts into
// READY's.
func FuzzCurveInitiate(f *testing.F) {
	metadata := appendProperty(appendProperty(nil, propType, "DEALER"), propIdentity, "me")
	f.Add(true, metadata)
	f.Add(false, append(make([]byte, keySize+vouchSize), metadata...))
	f.Add(true, metadata[:9])
	f.Fuzz(func(t *testing.T, vouched bool, input []byte) {
		server, client, ours, theirs := pair(t), pair(t), pair(t), pair(t)
		key, err := agree(ours.Public, theirs.Secret)
		if err != nil {
			t.Fatal(err)
		}
		c := curveHandshake{Curve: &Curve{Pair: client, Server: server.Public}, kind: zmq4.Dealer}
		s := curveHandshake{Curve: &Curve{Pair: server}, kind: zmq4.Router}
		plain := input
		if vouched {
			arg, err := c.makeInitiate(key, theirs.Public, ours.Public, make([]byte, cookieSize))
			if err != nil {
				t.Fatal(err)
			}
			own, ok := key.open(nil, arg[cookieSize+shortNonce:], counted(nonceInitiate, 1))
			if !ok {
				t.Fatal("INITIATE does not open")
			}
			plain = append(own[:keySize+vouchSize:keySize+vouchSize], input...)
		}
		for len(plain) < keySize+vouchSize {
			plain = append(plain, 0)
		}
		arg := key.seal(binary.BigEndian.AppendUint64(nil, 7), plain, counted(nonceInitiate, 7))
		who, got, err := s.openInitiate(arg, key, theirs.Public, ours.Secret)
		if vouched != (err == nil) {
			t.Fatalf("vouched %v: %v", vouched, err)
		}
		if err == nil && (who != client.Public || !bytes.Equal(got, input)) {
			t.Fatalf("client %v, metadata %q", who, got)
		}
		if met, err := s.meet(input, who); err == nil && (checkIdentity([]byte(met.identity)) != nil || !met.kind.IsCompatible(zmq4.Router)) {
			t.Fatalf("met %+v", met)
		}
	})
}

// joined returns the two ends of a connection after the handshake: what is written to client is read from server.
func joined(t testing.TB) (client, server *curveConn, wire *bytes.Buffer) {
	t.Helper()
	wire = new(bytes.Buffer)
	k, err := agree(pair(t).Public, pair(t).Secret)
	if err != nil {
		t.Fatal(err)
	}
	s := &secured{key: k}
	end := said{Reader: wire, Writer: wire}
	return newCurveConn(end, end.reader(), s, false, 1<<20), newCurveConn(end, end.reader(), s, true, 1<<20), wire
}

// FuzzCurveMessage sends frames through a connection in pieces, once as they are and once with a byte changed, and reads what a peer
// with the right key may put into a box.
func FuzzCurveMessage(f *testing.F) {
	var b batch
	b.add([][]byte{[]byte("a"), nil, bytes.Repeat([]byte("b"), 300)})
	b.addCommand("PING", []byte("\x00\x00ctx"))
	b.add([][]byte{bytes.Repeat([]byte("c"), 20<<10), {}})
	f.Add(b.data, uint16(7), uint16(100))
	f.Add([]byte("\x01\x01a\x00\x00"), uint16(1), uint16(0))
	f.Add([]byte("\x03"), uint16(1), uint16(9))
	f.Fuzz(func(t *testing.T, input []byte, piece, change uint16) {
		messages, _, _ := readAll(bytes.NewReader(input))
		var b batch
		for _, m := range messages {
			b.add(m)
		}
		plain := flat(t, &b)
		client, server, wire := joined(t)
		for rest := plain; len(rest) > 0; {
			n := min(len(rest), 1+int(piece))
			if got, err := client.Write(rest[:n]); got != n || err != nil {
				t.Fatalf("Write of %d bytes: %d, %v", n, got, err)
			}
			rest = rest[n:]
		}
		sealed := bytes.Clone(wire.Bytes())
		got, _, err := readAll(server)
		if !errors.Is(err, io.EOF) || !slices.EqualFunc(got, messages, equal) {
			t.Fatalf("%d messages, %v; want %d", len(got), err, len(messages))
		}
		// With one byte changed, what comes out is a prefix, and an error.
		if len(sealed) > 0 {
			sealed[int(change)%len(sealed)] ^= 1 + byte(change>>8)&0x7f
			_, again, wire := joined(t)
			again.key, again.seen = client.key, counters{}
			wire.Write(sealed)
			got, _, err := readAll(again)
			if err == io.EOF && len(got) == len(messages) || len(got) > len(messages) || !slices.EqualFunc(got, messages[:len(got)], equal) {
				t.Fatalf("changed: %d of %d messages, %v", len(got), len(messages), err)
			}
		}
		// Any plain text in a box, and anything instead of a box.
		for _, body := range [][]byte{
			append([]byte("\x07MESSAGE\x00\x00\x00\x00\x00\x00\x00\x01"), secretbox.Seal(nil, input, counted(nonceClient, 1), (*[32]byte)(client.key))...),
			input,
		} {
			_, stranger, wire := joined(t)
			stranger.key = client.key
			var outer batch
			outer.add([][]byte{body})
			wire.Write(flat(t, &outer))
			_, _, _ = readAll(stranger) // must not panic
		}
	})
}
