package store

import (
	"bytes"
	"slices"
	"testing"
)

func TestBuffersGoAndComeBack(t *testing.T) {
	for _, buffers := range [][][]byte{nil, {nil}, {[]byte("a")}, {[]byte("a"), nil, make([]byte, 300), make([]byte, 70_000)}} {
		got, err := unpickled(pickled(buffers))
		if err != nil || !slices.EqualFunc(got, buffers, bytes.Equal) {
			t.Errorf("%d buffers of %d, %v", len(got), len(buffers), err)
		}
	}
}

func TestOtherPicklesAreRefused(t *testing.T) {
	for _, b := range []string{
		"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x02ls\x94\x85\x94R\x94.", // calls os.system
		"\x80\x04]\x94(C\x05ab", "\x80\x04]\x94(\x8e\xff\xff\xff\xff\xff\xff\xff\xffab.", "\x80\x04].more", "\x80", "(",
	} {
		if got, err := unpickled([]byte(b)); err == nil {
			t.Errorf("%q is %q", b, got)
		}
	}
}

func FuzzUnpickled(f *testing.F) {
	f.Add(pickled([][]byte{[]byte("a"), nil, make([]byte, 300)}))
	f.Add([]byte("\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94(C\x01a\x94C\x01b\x94e."))
	f.Add([]byte("\x80\x02]q\x00(B\x01\x00\x00\x00aq\x01e."))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := unpickled(b)
		n := 0
		for _, g := range got {
			n += len(g)
		}
		if n > len(b) {
			t.Errorf("%d bytes of %d", n, len(b))
		}
		if err == nil {
			again, err := unpickled(pickled(got))
			if err != nil || !slices.EqualFunc(again, got, bytes.Equal) {
				t.Errorf("%q comes back as %q, %v", got, again, err)
			}
		}
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("a*[!b-d]?", "abcde")
	f.Add("[]*", "]x")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if glob(s, pattern) && !glob("x"+s, "?"+pattern) && len(pattern) < maxPattern {
			t.Errorf("%q matches %q, but not with one more", pattern, s)
		}
	})
}
