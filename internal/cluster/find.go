package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

// Query says which cluster to find; the zero value finds the one that a client
// without further knowledge wants.
type Query struct {
	ID         string      // cluster id. Default: $IPP_CLUSTER_ID, then "" (see Find)
	Profile    string      // profile name. Default: "default"
	ProfileDir string      // directory of the profile; wins over Profile. Default: $IPP_PROFILE_DIR
	Log        logr.Logger // zero: discard
}

// Find returns the running cluster that q asks for, also one whose hub was
// started by other means. Without an id it is the profile's default cluster or,
// if that is not running, the only one of the profile that is. ErrNotFound if
// there is none; an error that lists the ids if there are several.
func Find(ctx context.Context, q Query) (*Cluster, error) {
	dir, err := proto.ProfileDir(q.ProfileDir, q.Profile)
	if err != nil {
		return nil, err
	}
	p, err := newPlace(dir, proto.ClusterID(q.ID))
	if err != nil {
		return nil, err
	}
	c := &Cluster{place: p, log: q.Log.WithName("cluster")}
	if c.alive(ctx) {
		return c, nil
	}
	if p.id != "" {
		return nil, fmt.Errorf("%s: %w", p, ErrNotFound)
	}
	all, err := running(ctx, dir, q.Log)
	if err != nil {
		return nil, err
	}
	switch len(all) {
	case 0:
		return nil, ErrNotFound
	case 1:
		return all[0], nil
	}
	var ids []string
	for _, c := range all {
		ids = append(ids, c.id)
	}
	return nil, fmt.Errorf("several clusters are running (%s): name one", strings.Join(ids, ", "))
}

// Open returns the running cluster of an id, "" being the default one, in a
// profile's directory. ErrNotFound if it does not run.
func Open(ctx context.Context, profileDir, id string) (*Cluster, error) {
	p, err := newPlace(profileDir, id)
	if err != nil {
		return nil, err
	}
	c := &Cluster{place: p, log: logr.Discard()}
	if !c.alive(ctx) {
		return nil, fmt.Errorf("%s: %w", p, ErrNotFound)
	}
	return c, nil
}

// List returns the running clusters of all profiles, in order of profile and
// id. It removes what dead clusters have left.
func List(ctx context.Context) ([]*Cluster, error) {
	base, err := proto.IPythonDir()
	if err != nil {
		return nil, err
	}
	dirs, err := filepath.Glob(filepath.Join(base, "profile_*"))
	if err != nil {
		return nil, err
	}
	if d := os.Getenv(proto.EnvProfileDir); d != "" && !slices.Contains(dirs, filepath.Clean(d)) {
		dirs = append(dirs, filepath.Clean(d))
	}
	var all []*Cluster
	for _, dir := range dirs {
		cs, err := running(ctx, dir, logr.Discard())
		if err != nil {
			return nil, err
		}
		all = append(all, cs...)
	}
	return all, nil
}

// running returns the clusters of a profile that run, ordered by id.
func running(ctx context.Context, profileDir string, log logr.Logger) ([]*Cluster, error) {
	var ids []string
	for _, prefix := range []string{stateBase, "ipcontroller"} {
		suffix := ".json"
		if prefix != stateBase {
			suffix = "-client.json"
		}
		files, err := filepath.Glob(filepath.Join(proto.SecurityDir(profileDir), prefix+"*"+suffix))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			id := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), prefix), suffix)
			ids = append(ids, strings.TrimPrefix(id, "-"))
		}
	}
	slices.Sort(ids)
	var all []*Cluster
	for _, id := range slices.Compact(ids) {
		p, err := newPlace(profileDir, id)
		if err != nil {
			continue // not one of ours
		}
		c := &Cluster{place: p, log: log.WithName("cluster")}
		if c.alive(ctx) {
			all = append(all, c)
		} else if err := c.tidy(ctx); err != nil {
			return nil, fmt.Errorf("remove what %s left: %w", p, err)
		}
	}
	return all, ctx.Err()
}

// alive reports whether somebody can work with the cluster, or will soon: its
// supervisor or its hub lives. A cluster that is seen from another machine
// counts as alive if its hub can be reached.
func (c *Cluster) alive(ctx context.Context) bool {
	st, err := readState(c.place)
	if err != nil {
		return c.reachable(ctx)
	}
	if st.Supervisor.Check() == nil {
		return true
	}
	for _, p := range hubProcs(st) {
		switch err := p.Check(); {
		case err == nil:
			return true
		case errors.Is(err, launch.ErrElsewhere):
			return c.reachable(ctx)
		}
	}
	return false
}

func hubProcs(st *state) []launch.Proc {
	if st.Hub == nil {
		return nil
	}
	return st.Hub.Procs
}

// reachable reports whether a hub answers at the address of the connection file.
func (c *Cluster) reachable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, hubPatience)
	defer cancel()
	_, err := askEngines(ctx, c.ConnectionFile(), c.log)
	return err == nil
}

// tidy removes what a dead cluster of this package has left: engines without a
// hub, and files. Files of others are not touched.
func (c *Cluster) tidy(ctx context.Context) error {
	st, err := readState(c.place)
	if err != nil {
		return nil // not ours, or not readable by this version
	}
	l, err := takeLock(c.lockFile())
	if errors.Is(err, errLocked) {
		return nil // somebody is at it
	}
	if err != nil {
		return err
	}
	defer l.release()
	systems := launch.NewSystems(c.log)
	defer systems.Close()
	for _, p := range slices.Concat([]launch.Proc{st.Supervisor}, hubProcs(st)) {
		if !errors.Is(p.Check(), launch.ErrGone) {
			return nil // of another machine: not provably dead
		}
	}
	if err := st.stopJobs(ctx, systems); err != nil {
		return err
	}
	return c.removeFiles()
}
