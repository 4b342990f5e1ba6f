//go:build unix

package cluster

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// detached makes a child lead a session of its own: what happens to its
// parent's terminal does not concern it.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// inherited returns a file for an inherited pipe, such that Close unblocks Read.
func inherited(fd int, name string) (*os.File, error) {
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("descriptor %d (%s): %w; this command is run by gopar cluster start", fd, name, err)
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name), nil
}

// reapChild collects a child if it has ended, and reports whether it is gone.
func reapChild(pid int) bool {
	got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	return got == pid || errors.Is(err, syscall.ECHILD)
}
