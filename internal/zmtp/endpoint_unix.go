//go:build unix

package zmtp

import (
	"errors"
	"syscall"
)

// refused reports whether a connection attempt failed because nobody listens.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
