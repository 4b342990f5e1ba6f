// Package cluster starts, finds, watches and stops clusters: one hub and its
// engines, all of them daemons that outlive whoever started them.
//
// A running cluster is four kinds of things: the supervisor daemon (`gopar
// cluster supervise`), which is the parent of everything the local launcher
// runs and is told at once when a process dies; the hub and the engines, which
// go on without a supervisor; and files. The state file
// (security/gopar-cluster-<id>.json) is the truth, written by the supervisor
// alone; ipyparallel's cluster file (security/cluster-<id>.json) is a copy in
// ipyparallel's own format, so that `ipcluster list` and its panel see and can
// stop the cluster. ipyparallel may rewrite or delete that copy at will.
//
// Invariants: one supervisor per cluster id and profile (a lock held for its
// life says so); a process is signalled only after its start time proved that
// it is the one that was started, never a recycled pid; a start that fails, or
// whose starter dies midway, leaves nothing behind; Stop returns nil only when
// every process and file of the cluster is gone.
//
// It is not a client: it sends no tasks. Package parallel does.
package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/go-logr/logr"
)

// ErrNotFound says that no such cluster is running. The message tells how to
// start one.
var ErrNotFound = errors.New("no cluster is running (start one: gopar cluster start -n 4)")

// ErrRunning says that Start found the cluster running. Find returns it.
var ErrRunning = errors.New("the cluster is running already")

// Options says what to start. The zero value is one engine per core in the
// default cluster of the default profile.
type Options struct {
	N          int           // engines; default: one per core
	ID         string        // cluster id; default $IPP_CLUSTER_ID, then "": the profile's default cluster
	Profile    string        // profile name; default "default"
	ProfileDir string        // directory of the profile; wins over Profile. Default $IPP_PROFILE_DIR
	Exe        string        // gopar binary; default: this program if it is gopar, then $GOPAR, then gopar on PATH
	HubArgs    []string      // further arguments of gopar hub
	EngineArgs []string      // further arguments of gopar engine
	Env        []string      // further environment of hub and engines, "NAME=value"; no secrets
	Dir        string        // working directory of the engines; default: the caller's
	Timeout    time.Duration // for the whole start; default 60 s, as ipyparallel's engine_timeout
	Progress   func(Status)  // called from Start's goroutine whenever something changed; may be nil
	Log        logr.Logger   // zero: discard
}

// Query says which cluster to find; the zero value is the one a client without
// further knowledge wants.
type Query struct {
	ID         string // cluster id; default $IPP_CLUSTER_ID, then "" (see Find)
	Profile    string // profile name; default "default"
	ProfileDir string // directory of the profile; wins over Profile. Default $IPP_PROFILE_DIR
	Log        logr.Logger
}

// Cluster is a handle on a cluster. It holds nothing open: dropping it costs
// nothing and stops nothing. Methods may be called concurrently.
type Cluster struct {
	id         string
	profileDir string
}

// ID returns the cluster id; "" is the profile's default cluster.
func (c *Cluster) ID() string { return c.id }

// ProfileDir returns the absolute directory of the cluster's profile.
func (c *Cluster) ProfileDir() string { return c.profileDir }

// ConnectionFile returns the path of the client connection file.
func (c *Cluster) ConnectionFile() string { return "" }

// Start starts a hub and o.N engines and returns when all of them are
// registered. ctx bounds the start only. ErrRunning if the cluster runs
// already; any other error means that nothing was left behind, and holds the
// last log lines of the process that failed.
func Start(ctx context.Context, o Options) (*Cluster, error) { return nil, ErrNotFound }

// Find returns the running cluster q asks for. With an empty id it is the
// profile's default cluster or, if that is not running, the only one of the
// profile that is. ErrNotFound if there is none, an error that lists the ids
// if there are several.
func Find(ctx context.Context, q Query) (*Cluster, error) { return nil, ErrNotFound }

// List returns the running clusters of all profiles, in order of profile and
// id, and removes the files of dead ones.
func List(ctx context.Context) ([]*Cluster, error) { return nil, nil }

// Stop stops the cluster: softly, then by force, then verifies. nil means that
// no process and no file of it is left; stopping a stopped cluster is no error.
func (c *Cluster) Stop(ctx context.Context) error { return nil }

// Status returns what the cluster's processes are doing. It asks the hub and
// blocks for at most 2 s if the hub does not answer.
func (c *Cluster) Status(ctx context.Context) (Status, error) { return Status{}, nil }
