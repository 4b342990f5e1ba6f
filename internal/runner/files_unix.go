//go:build unix

package runner

import "syscall"

func closeOnExec(fd int) { syscall.CloseOnExec(fd) }

func setNonblock(fd int, on bool) error { return syscall.SetNonblock(fd, on) }

func readFile(fd uintptr, buf []byte) (int, error) { return syscall.Read(int(fd), buf) }

func isOpen(fd int) bool {
	var st syscall.Stat_t
	return syscall.Fstat(fd, &st) != syscall.EBADF
}

// startable says why runners cannot be started on this system; nil where they can.
func startable() error { return nil }
