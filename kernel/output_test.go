package kernel

import (
	"math"
	"testing"

	"github.com/gopar-project/gopar/display"
)

func TestBundlesAreEncodedByTheirType(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bundle display.Bundle
		want   string
	}{
		"nothing":      {nil, `{}`},
		"text":         {display.Bundle{"text/plain": "a<b"}, `{"text/plain":"a<b"}`},
		"bytes":        {display.Bundle{"image/png": []byte{1, 2}}, `{"image/png":"AQI="}`},
		"text bytes":   {display.Bundle{"image/svg+xml": []byte("<svg/>")}, `{"image/svg+xml":"<svg/>"}`},
		"JSON value":   {display.Bundle{"application/json": map[string]int{"a": 1}}, `{"application/json":{"a":1}}`},
		"JSON bytes":   {display.Bundle{"application/vnd.vegalite.v5+json": []byte(`{"a":1}`)}, `{"application/vnd.vegalite.v5+json":{"a":1}}`},
		"not encoding": {display.Bundle{"application/json": math.NaN()}, `{"text/plain":"application/json: json: unsupported value: NaN"}`},
	} {
		if got := string(wireBundle(test.bundle)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if got := string(wireMetadata(map[string]any{"x": math.Inf(1)})); got != "{}" {
		t.Errorf("metadata %s", got)
	}
}

func TestIncompleteCharactersWait(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "a": 0, "é": 0, "a\xc3": 1, "\xe2\x82": 2, "\xf0\x9f\x99": 3, "🙂": 0, "\x80\x80": 0, "\xff": 0, "\xe2\x82a": 0,
	} {
		if got := incomplete([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
