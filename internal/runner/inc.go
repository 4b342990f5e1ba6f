package runner

import (
	"bytes"
	"regexp"
)

// inCText is the error of a job that was interrupted in C code: it goes on, and only the end of the process ends it.
const inCText = "the cell was interrupted in C code, which only the end of its process ends"

// callsC matches the innermost frame of a goroutine when a cell's call of a C function is what it executes; the dump leaves the
// runtime's own frames out.
var callsC = regexp.MustCompile(`^goroutine [^\n]*\ncell/\w+\._C2?func_`)

// inC reports whether a goroutine of s executes C code that a cell called. It stops the world for that.
func (s *scope) inC() bool {
	for _, text := range bytes.Split(labelledDump(), []byte("\n\n")) {
		if callsC.Match(text) {
			if g, ok := parseGoroutine(string(text)); ok && g.job == s.name() {
				return true
			}
		}
	}
	return false
}
