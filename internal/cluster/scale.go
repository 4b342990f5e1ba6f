package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// Scale makes the cluster have n engines and returns when they are registered
// and those that had to go are gone. Engines that have ended are replaced;
// engines that are too many are asked to end, the youngest first, and killed
// after 5 s. progress, which may be nil, is called whenever something changed.
// Its error says what keeps engines from coming up; the cluster then has those
// that did.
//
// It is the first set of engines that is scaled, the only one of most clusters.
func (c *Cluster) Scale(ctx context.Context, n int, progress func(Status)) error {
	return c.ScaleSet(ctx, "", n, progress)
}

// ScaleSet is Scale of the set of engines with the given name.
func (c *Cluster) ScaleSet(ctx context.Context, set string, n int, progress func(Status)) error {
	if err := c.order(ctx, order{What: "scale", Set: set, N: n}); err != nil {
		return fmt.Errorf("scale %s: %w", c.place, err)
	}
	want := -1
	err := c.settle(ctx, progress, func(st Status) bool {
		if want < 0 {
			want = st.Want
		}
		// The last says that somebody scales it anew.
		return len(st.Engines) == want && st.Alive() == want && len(st.Registered) == want || st.Want != want
	})
	if err != nil {
		return fmt.Errorf("scale %s: %w", c.place, err)
	}
	return nil
}

// Restart ends the engine processes with the given indexes, all if there are
// none given, starts them again and returns when they are registered. What they
// compute is lost; the hub takes care of their tasks as of a dead engine's.
func (c *Cluster) Restart(ctx context.Context, progress func(Status), indexes ...int) error {
	before, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if err := c.order(ctx, order{What: "restart", Tasks: indexes}); err != nil {
		return fmt.Errorf("restart engines of %s: %w", c.place, err)
	}
	restarts := make(map[string]int)
	for _, e := range before.Engines {
		if len(indexes) == 0 || slices.Contains(indexes, e.Index) {
			restarts[taskName(e.Job, e.Index)] = e.Restarts
		}
	}
	err = c.settle(ctx, progress, func(st Status) bool {
		for _, e := range st.Engines {
			if n, chosen := restarts[taskName(e.Job, e.Index)]; chosen && (e.Restarts == n || e.State != launch.Running) {
				return false
			}
		}
		return len(st.Registered) >= st.Alive()
	})
	if err != nil {
		return fmt.Errorf("restart engines of %s: %w", c.place, err)
	}
	return nil
}

// Remove ends the engine processes with the given indexes for good and returns
// when they are gone: the cluster has as many engines fewer. What they compute
// is lost; the hub takes care of their tasks as of a dead engine's.
func (c *Cluster) Remove(ctx context.Context, progress func(Status), indexes ...int) error {
	if len(indexes) == 0 {
		return nil
	}
	if err := c.order(ctx, order{What: "remove", Tasks: indexes}); err != nil {
		return fmt.Errorf("stop engines of %s: %w", c.place, err)
	}
	err := c.settle(ctx, progress, func(st Status) bool {
		return !slices.ContainsFunc(st.Engines, func(e Process) bool { return e.Leaving && slices.Contains(indexes, e.Index) })
	})
	if err != nil {
		return fmt.Errorf("stop engines of %s: %w", c.place, err)
	}
	return nil
}

// Signal sends a signal ("INT", "USR1", …) to the engine processes with the
// given indexes, all if there are none given.
func (c *Cluster) Signal(ctx context.Context, sig string, indexes ...int) error {
	sig = strings.TrimPrefix(strings.ToUpper(sig), "SIG")
	if err := c.order(ctx, order{What: "signal", Signal: launch.Signal(sig), Tasks: indexes}); err != nil {
		return fmt.Errorf("signal engines of %s: %w", c.place, err)
	}
	return nil
}

// settle waits until the status is as ok wants it, or an engine was given up.
func (c *Cluster) settle(ctx context.Context, progress func(Status), ok func(Status) bool) error {
	told := ""
	for pause := 5 * time.Millisecond; ; pause = min(pause*3/2, 200*time.Millisecond) {
		st, err := c.Status(ctx)
		if err != nil {
			return err
		}
		if st.State == Broken {
			return fmt.Errorf("the cluster is broken: %s", st.Problem)
		}
		if ok(st) {
			return nil
		}
		for _, e := range st.Engines {
			if e.GaveUp {
				return fmt.Errorf("engine process %d was given up after %d failures (%s)\n%s", e.Index, e.Failures, e.Reason, lastLines(e.Log))
			}
		}
		if key := fmt.Sprint(st.Registered, st.Engines); progress != nil && key != told {
			told = key
			progress(st)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", st.Progress(), ctx.Err())
		case <-time.After(pause):
		}
	}
}
