package launch

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// Proc identifies one process for ever: a pid alone may be recycled, a pid with
// the time its process started is not, until the machine restarts.
type Proc struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // when it started, in the system's own terms
	Boot  string `json:"boot"`  // the machine's boot and pid namespace in which pid and start mean something
	Host  string `json:"host"`
}

// ErrGone says that a process has ended (and its pid may be another's by now).
var ErrGone = errors.New("the process is gone")

// ErrElsewhere says that a process belongs to another machine, about whose
// processes nothing can be said here.
var ErrElsewhere = errors.New("the process runs on another machine")

// Identify returns the identity of a living process of this machine.
func Identify(pid int) (Proc, error) {
	m, err := machine()
	if err != nil {
		return Proc{}, err
	}
	start, err := startTime(pid)
	if err != nil {
		return Proc{}, err
	}
	return Proc{PID: pid, Start: start, Boot: m.boot, Host: m.host}, nil
}

// Check returns nil if the process lives, ErrGone if it has ended, also if its
// pid is in use again, and ErrElsewhere if it cannot be seen from here. A
// zombie has ended.
func (p Proc) Check() error {
	m, err := machine()
	if err != nil {
		return err
	}
	if p.Host != m.host {
		return fmt.Errorf("process %d of %s: %w", p.PID, p.Host, ErrElsewhere)
	}
	if p.PID <= 0 || p.Boot != m.boot {
		return ErrGone
	}
	start, err := startTime(p.PID)
	if err != nil {
		return err
	}
	if start != p.Start {
		return ErrGone
	}
	return nil
}

// String returns the pid and its host.
func (p Proc) String() string { return fmt.Sprintf("process %d on %s", p.PID, p.Host) }

type machineID struct{ boot, host string }

// machine names this boot of this machine. It cannot change while we run.
var machine = sync.OnceValues(func() (machineID, error) {
	host, err := os.Hostname()
	if err != nil {
		return machineID{}, fmt.Errorf("name of this machine: %w", err)
	}
	return machineID{boot: bootID(), host: host}, nil
})
