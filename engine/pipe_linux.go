//go:build linux

package engine

import (
	"os"

	"golang.org/x/sys/unix"
)

// pending is how many bytes wait in a pipe; 0 if that cannot be told.
func pending(f *os.File) (n int) {
	c, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	err = c.Control(func(fd uintptr) {
		if v, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ); err == nil {
			n = v
		}
	})
	if err != nil {
		return 0
	}
	return n
}
