package interp

import (
	"context"
	"errors"
)

// Interp runs scripts, one at a time.
type Interp struct{}

// New returns an interpreter.
func New() *Interp { return &Interp{} }

// Run executes s and returns the values its Show was called with, nil when it was not.
func (i *Interp) Run(ctx context.Context, s *Script) ([]any, error) {
	return nil, errors.New("not ready")
}
