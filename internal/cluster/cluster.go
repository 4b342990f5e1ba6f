// Package cluster starts, finds, watches and stops clusters: one hub and its
// engines, all of them daemons that outlive whoever started them.
//
// # Who watches whom
//
// The hub has no children and knows no processes: it learns of an engine's
// death from the engine's connection. Processes belong to the supervisor
// (`gopar cluster supervise`), one small daemon per cluster. It submits the
// jobs, is told at once when a local process dies and how, polls batch systems,
// keeps the state file, and is the one place for everything that needs to know
// both sides, such as restarting engines. Hub and engines go on without it, and
// Stop works without it.
//
// # Files
//
// The state file (security/gopar-cluster[-<id>].json in the profile) is the
// truth, written by the supervisor alone. ipyparallel's cluster file
// (security/cluster-<id>.json) is a copy in ipyparallel's own format, so that
// `ipcluster list` and its panel see the cluster and can stop it; ipyparallel
// may rewrite or delete that copy at will.
//
// # Invariants
//
// One supervisor per cluster id and profile: a lock held for its life says so.
// A process is signalled only after its start time proved that it is the one
// that was started, never a recycled pid. A start that fails, or whose starter
// dies midway, leaves no process and no file but the logs. Stop returns nil
// only when every process and file of the cluster is gone, the logs apart.
//
// It is not a client: it sends no tasks. Package parallel does.
package cluster

import (
	"errors"
	"sync"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/proto"
)

// ErrNotFound says that no such cluster is running.
var ErrNotFound = errors.New("no cluster is running (start one: gopar cluster start -n 4)")

// ErrRunning says that Start found the cluster running. Find returns it.
var ErrRunning = errors.New("the cluster is running already")

// Cluster is a handle on a cluster. It keeps nothing open: dropping it costs
// nothing and stops nothing. Methods may be called concurrently.
type Cluster struct {
	place
	log logr.Logger

	mu    sync.Mutex
	child int // pid of the supervisor while it is this process's child; else 0
}

// ID returns the cluster id; "" is the profile's default cluster.
func (c *Cluster) ID() string { return c.id }

// ProfileDir returns the absolute directory of the cluster's profile.
func (c *Cluster) ProfileDir() string { return c.profileDir }

// ConnectionFile returns the path of the client connection file.
func (c *Cluster) ConnectionFile() string { return proto.ClientFile(c.profileDir, c.id) }

// LogDir returns the directory of the logs of hub, engines and supervisor.
func (c *Cluster) LogDir() string { return proto.LogDir(c.profileDir) }
