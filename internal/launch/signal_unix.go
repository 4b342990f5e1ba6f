//go:build unix

package launch

import (
	"errors"
	"os"
	"syscall"
)

// Signal sends sig to the process if it still is the one that p identifies. A
// process that is gone is no error.
func (p Proc) Signal(sig syscall.Signal) error {
	return p.signal(func(h *os.Process) error { return h.Signal(sig) })
}

// signalGroup sends sig to the process group that the process leads.
func (p Proc) signalGroup(sig syscall.Signal) error {
	return p.signal(func(*os.Process) error { return syscall.Kill(-p.PID, sig) })
}

func (p Proc) signal(send func(*os.Process) error) error {
	if p.PID <= 0 { // would mean other things than a process to kill(2)
		return nil
	}
	// The handle holds the very process (a pidfd on Linux): the check is about
	// what is signalled.
	h, err := os.FindProcess(p.PID)
	if err != nil {
		return err
	}
	defer h.Release()
	switch err := p.Check(); {
	case errors.Is(err, ErrGone):
		return nil
	case err != nil:
		return err
	}
	err = send(h)
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
