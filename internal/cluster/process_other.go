//go:build !unix

package cluster

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// errNotHere says that this system cannot run a cluster's daemons.
var errNotHere = errors.ErrUnsupported

func detached() *syscall.SysProcAttr { return nil }

func inherited(int, string) (*os.File, error) { return nil, errNotHere }

func reapChild(int) bool { return true }

// lock cannot be taken here.
type lock struct{}

var errLocked = errors.New("locked")

func takeLock(string) (*lock, error) { return nil, errNotHere }

func (place) awaitLock(context.Context) (*lock, error) { return nil, errNotHere }

func (*lock) release() error { return nil }
