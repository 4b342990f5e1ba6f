package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

// Options says what to start. The zero value is one engine per core in the
// default cluster of the default profile.
type Options struct {
	N          int            // engines. Default: one per core; on other systems than this machine there is none
	ID         string         // cluster id. Default: $IPP_CLUSTER_ID, then "", the profile's default cluster
	Profile    string         // profile name. Default: "default"
	ProfileDir string         // directory of the profile; wins over Profile. Default: $IPP_PROFILE_DIR
	Exe        string         // gopar binary. Default: this program if it is gopar, then $GOPAR, then gopar on PATH
	HubArgs    []string       // further arguments of gopar hub
	EngineArgs []string       // further arguments of gopar engine
	Env        []string       // further environment of hub and engines, "NAME=value"; no secrets, others may see it
	Dir        string         // working directory of the engines. Default: the caller's
	LogDir     string         // directory of the engines' logs; one that their machines see. Default: the profile's
	On         string         // the system that runs the engines: "local", "slurm", … Default: "local"
	Launch     launch.Options // how that system is to run them
	Sets       []EngineSet    // further engines of other kinds
	Adapt      Adapt          // the first set follows the work
	StopIdle   time.Duration  // the cluster ends when nothing has run for so long. Default: never
	Restarts   int            // how often a failing engine is started again before it is given up; a quiet minute forgets its failures. Default: 5; negative: never
	Timeout    time.Duration  // for the whole start. Default: 60 s, as ipyparallel's engine_timeout
	Progress   func(Status)   // called from Start's goroutine whenever something changed; may be nil
	Log        logr.Logger    // zero: discard
}

// Limits of what Start and the supervisor tell each other.
const (
	maxReport = 64 << 20 // one line: the status of 100,000 engines
)

// spec is Options as the supervisor needs them; it is the first line it reads.
type spec struct {
	ProfileDir string        `json:"profile_dir"`
	ID         string        `json:"id"`
	Sets       []EngineSet   `json:"sets"` // at least one
	Exe        string        `json:"exe"`
	HubArgs    []string      `json:"hub_args"`
	Env        []string      `json:"env"`
	Restarts   int           `json:"restarts"`
	Timeout    time.Duration `json:"timeout"`
	Adapt      Adapt         `json:"adapt,omitzero"`
	StopIdle   time.Duration `json:"stop_idle,omitempty"`
	Resume     bool          `json:"resume,omitempty"` // take over a cluster whose supervisor has died; of the rest only place and Exe count
}

// keepLine is the second line the supervisor reads: the starter has got the
// cluster. If the pipe ends without it, the starter has died or given up.
const keepLine = "keep\n"

// report is one line that the supervisor writes while the cluster starts.
type report struct {
	Status *Status `json:"status,omitempty"` // progress
	Ready  bool    `json:"ready,omitempty"`  // last: it runs
	Error  string  `json:"error,omitempty"`  // last: it does not run, and all is cleaned up
	Exists bool    `json:"exists,omitempty"` // with Error: because it was running already
}

func (o Options) spec() (spec, error) {
	dir, err := proto.ProfileDir(o.ProfileDir, o.Profile)
	if err != nil {
		return spec{}, err
	}
	s := spec{
		ProfileDir: dir, ID: proto.ClusterID(o.ID), HubArgs: o.HubArgs,
		Env: o.Env, Restarts: max(0, o.Restarts), Timeout: o.Timeout, Adapt: o.Adapt, StopIdle: max(0, o.StopIdle),
	}
	if _, err := newPlace(dir, s.ID); err != nil {
		return spec{}, err
	}
	if o.N == 0 && o.Adapt.Max > 0 {
		o.N = max(1, o.Adapt.Min)
	}
	if o.N == 0 && o.On != "" && o.On != "local" {
		return spec{}, fmt.Errorf("how many engines are to run on %s? (-n)", o.On)
	}
	if s.Sets, err = o.sets(); err != nil {
		return spec{}, err
	}
	if o.N == 0 {
		s.Sets[0].N = runtime.NumCPU()
	}
	if err := s.Adapt.check(); err != nil {
		return spec{}, err
	}
	if s.Adapt.Max > 0 {
		s.Sets[0].N = min(max(s.Sets[0].N, s.Adapt.Min), s.Adapt.Max)
	}
	if o.Restarts == 0 {
		s.Restarts = defaultRestarts
	}
	if s.Timeout <= 0 {
		s.Timeout = 60 * time.Second
	}
	if err := checkEnv(s.Env); err != nil {
		return spec{}, err
	}
	s.Exe, err = findExe(o.Exe)
	return s, err
}

// engines returns the number of engines of all sets.
func (s *spec) engines() int {
	n := 0
	for _, set := range s.Sets {
		n += set.N
	}
	return n
}

// patience is how long a supervisor that was told to give up may take: more than
// it takes to stop everything by force.
func (s *spec) patience() time.Duration {
	for _, set := range s.Sets {
		if set.On != "local" {
			return 6*stopTime + grace
		}
	}
	return stopTime + grace
}

// Start starts a hub and o.N engines and returns when all of them are
// registered. ctx bounds the start only; the cluster outlives the caller.
// ErrRunning if the cluster runs already. After any other error nothing but
// logs is left behind; the error holds the last log lines of what failed.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sp, err := o.spec()
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	c := &Cluster{place: place{profileDir: sp.ProfileDir, id: sp.ID}, log: o.Log.WithName("cluster")}
	if _, err := readState(c.place); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("start cluster: %w", err) // its supervisor, if it lives, holds the lock for ever
	}
	d, err := startSupervisor(c.place, sp)
	if err != nil {
		return nil, fmt.Errorf("start cluster: %w", err)
	}
	defer d.release()
	last, err := d.follow(ctx, o.Progress)
	switch {
	case err == nil && last.Ready:
		err = d.keep()
	case err == nil && last.Exists:
		err = fmt.Errorf("%s: %w", c.place, ErrRunning)
	case err == nil:
		err = errors.New(last.Error)
	}
	if err == nil {
		c.child = d.cmd.Process.Pid
		return c, nil
	}
	err = errors.Join(err, d.end())
	if last == (report{}) {
		// The supervisor died without a word: its work remains.
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), sp.patience())
		defer cancel()
		err = errors.Join(err, c.stop(clean))
	}
	if ctx.Err() != nil {
		err = errors.Join(ctx.Err(), err)
	}
	return nil, fmt.Errorf("start cluster: %w", err)
}

// resume starts another supervisor for a cluster that has lost its own.
func (c *Cluster) resume(ctx context.Context, st *state) error {
	c.reap()
	sp := st.Spec
	sp.Resume = true
	d, err := startSupervisor(c.place, sp)
	if err != nil {
		return err
	}
	defer d.release()
	last, err := d.follow(ctx, nil)
	switch {
	case err == nil && last.Ready:
		if err = d.keep(); err == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.child = d.cmd.Process.Pid
			return nil
		}
	case err == nil && last.Exists:
		return d.end() // somebody else was faster
	case err == nil:
		err = errors.New(last.Error)
	}
	return errors.Join(err, d.end())
}

// daemon is the starter's hold on the supervisor it started.
type daemon struct {
	cmd      *exec.Cmd
	patience time.Duration // see spec.patience
	control  *os.File      // write end: spec, then keepLine
	reports  *os.File      // read end
}

// startSupervisor starts `gopar cluster supervise` in a session of its own.
func startSupervisor(p place, sp spec) (*daemon, error) {
	if err := os.MkdirAll(proto.LogDir(p.profileDir), 0o700); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(p.supervisorLog(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	controlR, controlW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer controlR.Close()
	reportR, reportW, err := os.Pipe()
	if err != nil {
		controlW.Close() // best effort: unused
		return nil, err
	}
	defer reportW.Close()
	d := &daemon{control: controlW, reports: reportR, patience: sp.patience()}
	d.cmd = &exec.Cmd{
		Path: sp.Exe, Args: []string{filepath.Base(sp.Exe), "cluster", "supervise"},
		Stdout: log, Stderr: log, ExtraFiles: []*os.File{controlR, reportW},
		Dir: string(filepath.Separator), SysProcAttr: detached(), // the caller's directory may be unmounted
	}
	if err := d.cmd.Start(); err != nil {
		d.release()
		return nil, err
	}
	// A pipe holds 64 KiB before a write blocks; a supervisor that dies instead
	// of reading makes it fail.
	if err := json.NewEncoder(d.control).Encode(sp); err != nil {
		err = errors.Join(fmt.Errorf("tell the supervisor what to start: %w", err), d.end())
		d.release()
		return nil, err
	}
	return d, nil
}

// follow passes progress on and returns the supervisor's last word. When ctx
// ends it tells the supervisor to give up, and waits for that.
func (d *daemon) follow(ctx context.Context, progress func(Status)) (report, error) {
	stop := context.AfterFunc(ctx, d.abandon)
	defer stop()
	lines := bufio.NewScanner(d.reports)
	lines.Buffer(nil, maxReport)
	for lines.Scan() {
		var r report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return report{}, fmt.Errorf("report of the supervisor: %w", err)
		}
		if r.Ready || r.Error != "" {
			return r, nil
		}
		if r.Status != nil && progress != nil {
			progress(*r.Status)
		}
	}
	err := lines.Err()
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return report{}, fmt.Errorf("the supervisor ended early: %w", err)
}

// abandon makes the supervisor stop what it has started.
func (d *daemon) abandon() {
	d.control.Close() // best effort: it is closed in the end anyway
	// The deadline is for a supervisor that hangs; end kills it then.
	d.reports.SetReadDeadline(time.Now().Add(d.patience)) // best effort: pipes have deadlines
}

// keep lets the supervisor go on by itself.
func (d *daemon) keep() error {
	_, err := io.WriteString(d.control, keepLine)
	return err
}

// end waits for the end of a supervisor that has failed or was abandoned; one
// that does not end in time is killed.
func (d *daemon) end() error {
	d.abandon()
	kill := time.AfterFunc(d.patience, func() {
		d.cmd.Process.Kill() // best effort: it may have ended by itself
	})
	defer kill.Stop()
	err := d.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil // it has said why, or its log does
	}
	return err
}

func (d *daemon) release() {
	d.control.Close() // best effort: nothing is buffered
	d.reports.Close() // best effort
}
