//go:build linux || darwin || freebsd || netbsd || openbsd

package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFile takes the exclusive lock of the file at path, which it creates, and
// waits for it. The lock ends with the process.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		_ = f.Close() // best effort: the error below is what counts
		return nil, err
	}
	return func() { _ = f.Close() }, nil // closing releases the lock
}
