package native

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func encodedName(flags byte, text string) []byte {
	return append(binary.AppendUvarint([]byte{flags}, uint64(len(text))), text...)
}

func TestPlainNamesChangesNamesOfInstancesOnly(t *testing.T) {
	const a, b = "cell/0123456789abcdef01234567.", "cell/fedcba987654321001234567."
	names := map[string]string{"fedcba987654321001234567": "shapes"}
	long := "*main.P[" + strings.Repeat(a+"T,", 9) + b + "R]"
	plainLong := "*main.P[" + strings.Repeat("main.T,", 9) + "shapes.R]"
	for name, c := range map[string]struct{ in, want []byte }{
		"an instance":      {encodedName(1, "*main.L["+a+"T]"), encodedName(1, "*main.L[main.T]")},
		"nested":           {encodedName(0, "[]main.L["+b+"Rect["+a+"t]]"), encodedName(0, "[]main.L[shapes.Rect[main.t]]")},
		"a long name":      {encodedName(1, long), encodedName(1, plainLong)},
		"a path":           {encodedName(0, a[:len(a)-1]), encodedName(0, a[:len(a)-1])},
		"a string":         {[]byte("see [" + a + "T] there"), []byte("see [" + a + "T] there")},
		"without brackets": {encodedName(0, a+"T"), encodedName(0, a+"T")},
		"several": {append(encodedName(0, "main.L["+a+"T]"), encodedName(1, "main.M["+a+"T]")...),
			append(append(encodedName(0, "main.L[main.T]"), make([]byte, len(a)-5)...), encodedName(1, "main.M[main.T]")...)},
	} {
		t.Run(name, func(t *testing.T) {
			got := bytes.Clone(c.in)
			got = append([]byte("xyz\x07"), append(got, "\x03tail"...)...)
			size := len(got)
			plainNames(got, names)
			if len(got) != size || !bytes.HasPrefix(got, append([]byte("xyz\x07"), c.want...)) || !bytes.HasSuffix(got, []byte("\x03tail")) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzPlainNames(f *testing.F) {
	f.Add(encodedName(1, "*main.L[cell/0123456789abcdef01234567.T]"))
	f.Add([]byte("\x00\xff\xff\x01[cell/0123456789abcdef01234567.]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		size := len(data)
		plainNames(data, nil)
		if len(data) != size {
			t.Error("changes the size")
		}
	})
}
