//go:build unix

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lock is held by the supervisor for its life; the kernel frees it at its death.
type lock struct{ f *os.File }

// errLocked says that another process holds the lock.
var errLocked = errors.New("locked")

// takeLock takes the lock, or returns errLocked at once.
func takeLock(path string) (*lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err != nil {
			f.Close() // best effort: nothing was written
			if errors.Is(err, unix.EWOULDBLOCK) {
				return nil, errLocked
			}
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		// The holder before us may have removed the file that we opened: then
		// somebody else may hold a lock on its successor.
		mine, err := f.Stat()
		if err != nil {
			f.Close() // best effort
			return nil, err
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			return &lock{f}, nil
		}
		f.Close() // best effort: try again with the file that is there
	}
}

// awaitLock takes the cluster's lock. ErrRunning if a living supervisor holds
// it; others, who start or clean up, hold it for a moment and are waited for.
func (p place) awaitLock(ctx context.Context) (*lock, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		l, err := takeLock(p.lockFile())
		if !errors.Is(err, errLocked) {
			return l, err
		}
		if st, err := readState(p); err == nil && st.Supervisor.Check() == nil {
			return nil, ErrRunning
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another gopar works on %s: %w", p, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// release removes the lock file and frees the lock.
func (l *lock) release() error {
	return errors.Join(os.Remove(l.f.Name()), l.f.Close())
}
