package parallel

import (
	"context"
	"errors"

	"github.com/gopar-project/gopar/internal/cluster"
)

// startOrFind starts the cluster that o describes, or returns it if it runs.
func startOrFind(ctx context.Context, o options) (*cluster.Cluster, error) {
	c, err := cluster.Start(ctx, cluster.Options{
		N: o.n, ID: o.clusterID, Profile: o.profile, ProfileDir: o.profileDir, Exe: o.exe,
		HubArgs: o.hubArgs, EngineArgs: o.engineArgs, Restarts: o.restarts, Timeout: o.timeout, Log: o.log,
	})
	if errors.Is(err, cluster.ErrRunning) {
		return cluster.Find(ctx, cluster.Query{ID: o.clusterID, Profile: o.profile, ProfileDir: o.profileDir, Log: o.log})
	}
	return c, err
}
