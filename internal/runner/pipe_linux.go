package runner

import (
	"os"

	"golang.org/x/sys/unix"
)

// growPipe gives a pipe more room, which saves switches between parent and child when arrays travel.
func growPipe(f *os.File) {
	if c, err := f.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) }) // best effort: users have a quota
	}
}
