package parallel

import (
	"context"
	"errors"

	"github.com/gopar-project/gopar/internal/cluster"
)

// startOrFind starts the cluster that o describes, or returns it if it runs.
func startOrFind(ctx context.Context, o *options) (*cluster.Cluster, error) {
	place, err := o.place()
	if err != nil {
		return nil, err
	}
	c, err := cluster.Start(ctx, place)
	if errors.Is(err, cluster.ErrRunning) {
		return cluster.Find(ctx, cluster.Query{ID: o.clusterID, Profile: o.profile, ProfileDir: o.profileDir, Log: o.log})
	}
	return c, err
}
