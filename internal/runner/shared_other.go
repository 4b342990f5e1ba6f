//go:build !linux

package runner

import (
	"errors"
	"os"
)

// Lines says that Runner.Queue can be used: parent and child share memory.
const Lines = false

// shared is what parent and child both see; here there is nothing.
type shared struct{ seq uint64 }

func newShared() (*shared, *os.File, error) { return nil, nil, errors.ErrUnsupported }
func openShared(int) *shared                { return nil }
func (s *shared) begin(seq uint64)          { s.seq = seq }
func (s *shared) running() uint64           { return s.seq }
func (s *shared) reads(bool)                {}
func (s *shared) dry([2]int) bool           { return false }
