package parallel

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/unit"
)

// Clusters returns the clusters of this user that run, in order of profile and id, whoever started them. It removes what dead
// ones have left. It connects to none: Client does.
func Clusters() ([]*Cluster, error) {
	running, err := cluster.List(unit.Context())
	if err != nil {
		return nil, err
	}
	all := make([]*Cluster, len(running))
	for i, c := range running {
		all[i] = &Cluster{cluster: c}
	}
	return all, nil
}

// fileNames are those of the files that stand for a cluster, in the security directory of its profile.
var fileNames = []struct{ prefix, suffix string }{
	{"cluster", ".json"}, {"gopar-cluster", ".json"}, {"ipcontroller", "-client.json"}, {"ipcontroller", "-engine.json"},
}

// FromFile returns the running cluster that a file stands for: one of those in the security directory of its profile, which
// are cluster-ID.json (ipyparallel's cluster file), gopar-cluster-ID.json and the connection files. The error is ErrNoCluster
// if it does not run.
func FromFile(path string) (*Cluster, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	security, name := filepath.Split(path)
	for _, n := range fileNames {
		id, ok := strings.CutPrefix(name, n.prefix)
		if !ok {
			continue
		}
		if id, ok = strings.CutSuffix(id, n.suffix); !ok || id != "" && !strings.HasPrefix(id, "-") {
			continue
		}
		ctx, cancel := context.WithTimeout(unit.Context(), startTime)
		defer cancel()
		c, err := cluster.Open(ctx, filepath.Dir(filepath.Clean(security)), strings.TrimPrefix(id, "-"))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoCluster, err)
		}
		return &Cluster{cluster: c}, nil
	}
	return nil, fmt.Errorf("%s is no file of a cluster: want security/cluster-ID.json, or a connection file", path)
}

// ProfileDir returns the directory of the cluster's profile.
func (c *Cluster) ProfileDir() string { return c.cluster.ProfileDir() }
