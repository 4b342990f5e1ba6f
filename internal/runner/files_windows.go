package runner

import (
	"errors"
	"syscall"
)

// Windows has no descriptors that a child inherits by number, on which parent and child of this package talk. So runners do
// not start there; the rest of the package compiles, as its clients do.

var errNoDescriptors = errors.New("cells do not run on Windows itself: use gopar in WSL 2, or connect to engines on Linux or macOS")

func startable() error { return errNoDescriptors }

func closeOnExec(fd int) { syscall.CloseOnExec(syscall.Handle(fd)) }

func setNonblock(int, bool) error { return errNoDescriptors }

func readFile(fd uintptr, buf []byte) (int, error) { return syscall.Read(syscall.Handle(fd), buf) }

func isOpen(int) bool { return true }

func dup2(int, int) error { return errNoDescriptors }

func dupCloexec(int) (int, error) { return 0, errNoDescriptors }

func unreadBytes(int) (int, error) { return 0, errNoDescriptors }

func childReadsStdin() bool { return false }

func ownGroup() *syscall.SysProcAttr { return nil }

func killGroup(int) error { return errNoDescriptors }
