//go:build unix && !linux

package runner

import "golang.org/x/sys/unix"

func dup2(from, to int) error { return unix.Dup2(from, to) }

func unreadBytes(fd int) (int, error) { return unix.IoctlGetInt(fd, 0x4004667f /* FIONREAD */) }

// childReadsStdin needs Linux's /proc: elsewhere processes that cells start cannot ask.
func childReadsStdin() bool { return false }

func dupCloexec(fd int) (int, error) { return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 10) }
