package parallel

import (
	"context"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/unit"
)

// Cluster is a hub and its engines. It goes on when the process that started it ends; Stop ends it.
type Cluster struct {
	cluster *cluster.Cluster
	client  Client
}

// startTime bounds Start by default, as long as ipyparallel waits for engines.
const startTime = 60 * time.Second

// N is the number of engines that Start starts. Default: one per core.
func N(n int) Option { return func(o *options) { o.n = n } }

// EngineArgs are further arguments of the engines that Start starts, as of gopar engine.
func EngineArgs(args ...string) Option {
	return func(o *options) { o.engineArgs = append(o.engineArgs, args...) }
}

// HubArgs are further arguments of the hub that Start starts, as of gopar hub.
func HubArgs(args ...string) Option {
	return func(o *options) { o.hubArgs = append(o.hubArgs, args...) }
}

// EnableCurve encrypts all connections of the cluster that Start starts. Clients and engines find the key in the connection
// files.
func EnableCurve() Option { return HubArgs("--enable-curve") }

// Restarts is how often an engine of the cluster that Start starts is started again when it fails, before it is given up. A
// minute without a failure forgets earlier ones. Default: 5; negative: never.
func Restarts(n int) Option { return func(o *options) { o.restarts = n } }

// Exe is the gopar binary that Start starts. Default: this program if it is gopar, then $GOPAR, then gopar on the path.
func Exe(path string) Option { return func(o *options) { o.exe = path } }

// Start starts a cluster, on this machine or where On says, connects to it and returns when all its engines are there. If it
// runs already, it is what is returned. Of Connect's options, Profile, ProfileDir, ClusterID, Timeout, Log and Output apply.
func Start(opts ...Option) (*Cluster, error) { return StartContext(unit.Context(), opts...) }

// StartContext is Start that gives up, and leaves nothing behind, when ctx ends.
func StartContext(ctx context.Context, opts ...Option) (*Cluster, error) {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	running, err := startOrFind(ctx, &o)
	if err != nil {
		return nil, err
	}
	client, err := ConnectContext(ctx, append(opts[:len(opts):len(opts)], File(running.ConnectionFile()))...)
	if err != nil {
		return nil, err
	}
	c := &Cluster{cluster: running, client: client}
	st, err := running.Status(ctx)
	if err != nil {
		return nil, err
	}
	want := len(st.Registered) // more may be waiting in a queue
	if o.n > 0 {
		want = min(want, o.n)
	}
	if len(client) < want {
		wait, cancel := context.WithTimeout(ctx, o.timeout)
		defer cancel()
		if c.client, err = client.WaitForEnginesContext(wait, want); err != nil {
			return nil, fmt.Errorf("the cluster runs, but: %w", err)
		}
	}
	return c, nil
}

// MustStart is Start that panics with its error, which ends the cell.
func MustStart(opts ...Option) *Cluster {
	c, err := Start(opts...)
	if err != nil {
		panic(err)
	}
	return c
}

// Client returns the engines that are registered now, or those of before if the hub is gone. It connects to a cluster that
// Clusters or FromFile has found; nil if that fails.
func (c *Cluster) Client() Client {
	if c.client == nil {
		client, err := Connect(File(c.cluster.ConnectionFile()))
		if err != nil {
			return nil
		}
		c.client = client
	}
	if now, err := c.client.Refresh(); err == nil {
		return now
	}
	return c.client
}

// ID returns the cluster's id, "" for the profile's default one.
func (c *Cluster) ID() string { return c.cluster.ID() }

// Stop ends the engines and the hub and blocks until they are gone. It closes the client.
func (c *Cluster) Stop() error {
	ctx, cancel := context.WithTimeout(unit.Context(), startTime)
	defer cancel()
	_ = c.client.Close() // its errors are about the hub that is stopped
	return c.cluster.Stop(ctx)
}

// String returns "cluster with 4 engines".
func (c *Cluster) String() string {
	n := len(c.Client())
	if n == 1 {
		return "cluster with 1 engine"
	}
	return fmt.Sprintf("cluster with %d engines", n)
}
