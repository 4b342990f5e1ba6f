//go:build !unix

package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// lockDir makes dir and locks it for this process, by a file that cannot be removed while it is open.
func lockDir(dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	path := filepath.Join(dir, "lock")
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("journal in %s: %w", dir, ErrLocked)
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}
