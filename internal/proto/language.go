package proto

import "bytes"

// The languages that engines and tasks can have.
const (
	Go     = "go"
	Python = "python"
)

// pickle is the first byte of what Python's pickle writes, in the protocols since 2.
const pickle = 0x80

// TaskLanguage returns the language of the engines that can run an
// apply_request: a Go client's content names its codec, ipyparallel's says
// nothing and has pickled buffers. "" is for what every engine may understand.
func TaskLanguage(content []byte, buffers [][]byte) string {
	switch {
	case bytes.HasPrefix(content, []byte(`{"codec":"gopar/`)):
		return Go
	case len(content) <= 2 && len(buffers) > 0 && len(buffers[0]) > 0 && buffers[0][0] == pickle:
		return Python
	}
	return ""
}

// EngineLanguage returns the language of an engine that registered with the
// given one: ipyparallel's say nothing.
func EngineLanguage(registered string) string {
	if registered == "" {
		return Python
	}
	return registered
}
