//go:build !unix

package launch

import (
	"context"
	"io"

	"github.com/go-logr/logr"
)

// NewSSH fails: on this system there is no launcher for the tunnels.
func NewSSH(Options, logr.Logger) (Launcher, error) { return nil, errNotHere }

// NewMPI fails: on this system nothing starts mpiexec.
func NewMPI(Options, logr.Logger) (Launcher, error) { return nil, errNotHere }

// ReachMark stands for the prefix of a tunnel's sockets.
const ReachMark = "{{reach}}"

// ServeAgent fails: an agent starts processes, which this system's cannot.
func ServeAgent(context.Context, io.Reader, io.Writer, logr.Logger) error { return errNotHere }
