package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// Stop stops the cluster: it asks, forces what does not obey, and verifies. nil
// means that no process and no file of it is left, the logs apart; stopping a
// cluster that does not run is no error. Engines and then the hub have 5 s
// each to obey.
func (c *Cluster) Stop(ctx context.Context) error {
	if err := c.stop(ctx); err != nil {
		return fmt.Errorf("stop %s: %w", c.place, err)
	}
	return nil
}

func (c *Cluster) stop(ctx context.Context) error {
	st, err := readState(c.place)
	if errors.Is(err, ErrNotFound) {
		return c.stopForeign(ctx)
	}
	if err != nil {
		return err
	}
	if err := c.stopSupervisor(ctx, st); err != nil {
		return err
	}
	// Without a supervisor, or if it failed: do its work.
	l, err := c.awaitLock(ctx)
	if errors.Is(err, ErrRunning) {
		return nil // another one of the same name was started meanwhile
	}
	if err != nil {
		return err
	}
	defer l.release()
	if st, err = readState(c.place); errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	systems := launch.NewSystems(c.log)
	defer systems.Close()
	if err := st.stopJobs(ctx, systems); err != nil {
		return err
	}
	return c.removeFiles()
}

// stopJobs stops the engines and then the hub: while it is there, engines can
// deliver what they hold and take their leave.
func (s *state) stopJobs(ctx context.Context, systems *launch.Systems) error {
	if err := systems.Stop(ctx, grace, s.Engines...); err != nil {
		return err
	}
	if s.Hub == nil {
		return nil
	}
	return systems.Stop(ctx, grace, s.Hub)
}

// stopTime bounds stopping everything, grace included. Other systems take their
// time.
func (s *state) stopTime() time.Duration {
	if _, far := s.divide(); len(far) > 0 {
		return 6 * stopTime
	}
	return stopTime
}

// stopSupervisor asks the supervisor to take the cluster down, and returns when
// it is gone; one that hangs is killed.
func (c *Cluster) stopSupervisor(ctx context.Context, st *state) error {
	p := st.Supervisor
	soft, cancel := context.WithTimeout(ctx, st.stopTime()+grace)
	defer cancel()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := c.gone(soft, p); err == nil || ctx.Err() != nil {
		return err
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	return c.gone(ctx, p)
}

// gone waits for the end of a process that need not be a child.
func (c *Cluster) gone(ctx context.Context, p launch.Proc) error {
	for pause := time.Millisecond; ; pause = min(pause*3/2, 20*time.Millisecond) {
		c.reap()
		err := p.Check()
		if errors.Is(err, launch.ErrGone) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%v does not end: %w", p, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// reap collects the supervisor if it was started here and has ended: its
// parent is the only one who can.
func (c *Cluster) reap() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.child != 0 && reapChild(c.child) {
		c.child = 0
	}
}

// stopForeign shuts down a hub that was started by other means, such as gopar
// hub itself or ipyparallel's panel. Its processes are its starter's.
func (c *Cluster) stopForeign(ctx context.Context) error {
	h, err := dialHub(ctx, c.ConnectionFile(), c.log)
	if err != nil {
		return nil // nothing runs
	}
	defer h.close()
	if err := h.shutdown(ctx); err != nil {
		return err
	}
	// A hub removes its connection file last, or keeps it if it was told to.
	ended := time.Time{}
	for pause := time.Millisecond; ; pause = min(pause*3/2, 50*time.Millisecond) {
		if _, err := os.Stat(c.ConnectionFile()); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err := h.probe(ctx); err != nil && ended.IsZero() {
			ended = time.Now()
		}
		if !ended.IsZero() && time.Since(ended) > time.Second {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("its hub does not end: %w", ctx.Err())
		case <-time.After(pause):
		}
	}
}
