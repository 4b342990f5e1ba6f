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

// growPipe makes room for large arguments and results: a megabyte, which the system allows everybody.
func growPipe(f *os.File) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) }) // best effort: it works with less
}
