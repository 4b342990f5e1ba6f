package zmtp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/go-zeromq/zmq4"
)

// readAll reads messages and commands until an error.
func readAll(r io.Reader) (messages [][][]byte, commands [][]byte, err error) {
	m := messageReader{r: bufio.NewReaderSize(r, readBuffer), maxFrame: 1 << 20, maxMessage: 2 << 20, maxFrames: 100}
	m.command = func(body []byte) error {
		commands = append(commands, body)
		return nil
	}
	for {
		frames, err := m.read()
		if err != nil {
			return messages, commands, err
		}
		messages = append(messages, frames)
	}
}

func FuzzReadMessage(f *testing.F) {
	var b batch
	b.add([][]byte{[]byte("a"), nil, bytes.Repeat([]byte("b"), 300)})
	b.addCommand("PING", []byte("\x00\x00ctx"))
	b.add([][]byte{bytes.Repeat([]byte("c"), 20<<10), {}})
	f.Add(b.data)
	f.Add([]byte("\x01\x01a\x04\x05\x04PING\x00\x01b"))
	f.Add([]byte("\x02\x40\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x10\x00\x00abc"))
	f.Add(bytes.Repeat([]byte{1, 0}, 200))
	f.Fuzz(func(t *testing.T, input []byte) {
		messages, commands, err := readAll(bytes.NewReader(input))
		if err == nil {
			t.Fatal("no error at the end")
		}
		// However the bytes arrive, the result is the same.
		for name, r := range map[string]io.Reader{
			"one byte at a time": iotest.OneByteReader(bytes.NewReader(input)),
			"halves":             iotest.HalfReader(bytes.NewReader(input)),
		} {
			m, c, e := readAll(r)
			if !slices.EqualFunc(m, messages, equal) || !equal(c, commands) || e.Error() != err.Error() {
				t.Fatalf("%s: %d messages %d commands %v; at once: %d, %d, %v", name, len(m), len(c), e, len(messages), len(commands), err)
			}
		}
		// What was read is read again from its encoding.
		var b batch
		for _, m := range messages {
			b.add(m)
		}
		again, _, err := readAll(bytes.NewReader(flat(t, &b)))
		if !errors.Is(err, io.EOF) || !slices.EqualFunc(again, messages, equal) {
			t.Fatalf("encoded and read again: %d messages, %v; want %d", len(again), err, len(messages))
		}
		for _, m := range messages {
			size := 0
			for _, f := range m {
				size += len(f)
			}
			if len(m) == 0 || len(m) > 100 || size > 2<<20 {
				t.Fatalf("message of %d frames and %d bytes passed", len(m), size)
			}
		}
	})
}

func equal(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

// flat returns what b writes.
func flat(t testing.TB, b *batch) []byte {
	var out []byte
	at := 0
	for _, g := range b.bigs {
		out = append(append(out, b.data[at:g.at]...), g.body...)
		at = g.at
	}
	out = append(out, b.data[at:]...)
	if int64(len(out)) != b.size {
		t.Fatalf("a batch of %d bytes says %d", len(out), b.size)
	}
	return out
}

func FuzzHandshake(f *testing.F) {
	props := "\x0bSocket-Type\x00\x00\x00\x06DEALER\x08Identity\x00\x00\x00\x02id"
	f.Add([]byte("\x04\x2e\x05READY" + props))
	f.Add([]byte("\x04\x0c\x05READY\x0bSock"))
	f.Add([]byte("\x06\x00\x00\x00\x00\x00\x00\x00\x2e\x05READY" + props))
	f.Fuzz(func(t *testing.T, input []byte) {
		_, _ = readGreeting(bufio.NewReader(bytes.NewReader(input)), mechanismNull) // must not panic
		frame, err := readReady(bufio.NewReader(bytes.NewReader(input)))
		if err != nil {
			return
		}
		// zmq4, which has no checks of its own, understands what passed.
		n := 2
		if frame[0]&flagLong != 0 {
			n = 9 // the identity is long
		}
		name, arg, err := splitCommand(frame[n:])
		if err != nil || name != zmq4.CmdReady {
			t.Fatalf("passed: %q, %v", name, err)
		}
		meta := make(zmq4.Metadata)
		if err := meta.UnmarshalZMTP(arg); err != nil {
			t.Fatalf("zmq4: %v", err)
		}
		zmq4.SocketType(meta[propType]).IsCompatible(zmq4.Router) // must not panic
		if err := checkIdentity([]byte(meta[propIdentity])); err != nil {
			t.Fatal(err)
		}
	})
}
