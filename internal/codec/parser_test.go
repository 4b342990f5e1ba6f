package codec

import (
	"reflect"
	"testing"
)

// FuzzParserAgreesWithParseContent holds the shortcut against what it is short for.
func FuzzParserAgreesWithParseContent(f *testing.F) {
	a := `{"codec":"gopar/1","func":{"unit":"u","symbol":"mul","captures":0},"args":2,"map":true,"first":17,"units":["u"],"vars":[],"build":"b"}`
	b := `{"codec":"gopar/1","func":{"unit":"u","symbol":"mul","captures":0},"args":2,"map":true,"units":["u"],"vars":[],"build":"b"}`
	for _, x := range []string{a, b, `{"codec":"gopar/1","op":"fetch","first":3,"first":4}`, `{"codec":"gopar/1","op":"fetch","names":["\"first\":1"]}`,
		`{"codec":"gopar/1","op":"fetch","first":-3}`, `{"codec":"gopar/1","op":"fetch","first":03}`, `{"codec":"gopar/1","op":"fetch","x":{"first":9}}`,
		`{"codec":"gopar/1","op":"fetch","first":}`, `{"codec":"gopar/1","op":"fetch","first":1e3}`, `{"codec":"gopar/1","op":"fetch","first":99999999999999999999}`} {
		for _, y := range []string{a, b, x} {
			f.Add(x, y)
		}
	}
	f.Add(`{"codec":"gopar/1","op":"fetch","first":1}`, `{"codec":"gopar/1","op":"fetch","first":}`)
	f.Add(`{"codec":"gopar/1","op":"fetch","first":1}`, `{"codec":"gopar/1","op":"fetch","first":007}`)
	f.Fuzz(func(t *testing.T, x, y string) {
		var p Parser
		for _, raw := range []string{x, y, x, x} {
			got, err := p.Parse([]byte(raw))
			want, wantErr := ParseContent([]byte(raw))
			if (err == nil) != (wantErr == nil) || err == nil && !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %+v %v, want %+v %v", raw, got, err, want, wantErr)
			}
		}
	})
}
