package cluster

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

const (
	grace    = 5 * time.Second  // between asking processes to end and making them, as ipyparallel's
	stopTime = 15 * time.Second // for stopping everything, grace included
	maxSpec  = 1 << 20          // bytes of the supervisor's first line
)

// supervisor brings a cluster up, watches it, and takes it down. All its fields
// belong to the goroutine of run.
type supervisor struct {
	spec
	place
	log      logr.Logger
	launcher launch.Launcher
	st       state
	hub      *hubLink // nil until the hub's connection file is there
	ids      []int    // engines registered at the hub
	reports  *os.File // nil when nobody listens any more
	told     string   // the last progress, to tell each once
	toldAt   time.Time
}

// Supervise is the body of `gopar cluster supervise`, which Start runs as a
// daemon: it reads what to start from file descriptor 3, reports on 4, and
// returns when the cluster is gone. The end of ctx stops the cluster.
func Supervise(ctx context.Context, log logr.Logger) error {
	control, err := inherited(3, "control")
	if err != nil {
		return err
	}
	defer control.Close()
	reports, err := inherited(4, "reports")
	if err != nil {
		return err
	}
	defer reports.Close()
	in := bufio.NewReader(io.LimitReader(control, maxSpec))
	line, err := in.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read what to start: %w", err)
	}
	s := &supervisor{log: log.WithName("supervisor"), reports: reports}
	if err := json.Unmarshal(line, &s.spec); err != nil {
		return fmt.Errorf("read what to start: %w", err)
	}
	if s.place, err = newPlace(s.spec.ProfileDir, s.spec.ID); err != nil {
		return err
	}
	// The starter's death ends the start: nobody would know of the cluster.
	starting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	kept := make(chan bool, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		line, err := in.ReadString('\n')
		if err != nil || line != keepLine {
			giveUp(errors.New("the starter gave up"))
		}
		kept <- err == nil && line == keepLine
	}()
	defer func() {
		control.Close() // best effort: ends the goroutine if it still reads
		<-done
	}()
	return s.run(ctx, starting, kept)
}

// run does everything under the cluster's lock.
func (s *supervisor) run(ctx, starting context.Context, kept <-chan bool) (err error) {
	l, err := s.awaitLock(starting)
	if err != nil {
		s.tell(report{Error: err.Error(), Exists: errors.Is(err, ErrRunning)})
		return err
	}
	defer func() { err = errors.Join(err, l.release()) }()
	local := launch.NewLocal(s.log)
	defer local.Close()
	s.launcher = local
	token := rand.Text()
	desk, err := openDesk(token)
	if err != nil {
		s.tell(report{Error: err.Error()})
		return err
	}
	defer desk.close()
	s.st.Orders, s.st.Token = desk.listener.Addr().(*net.TCPAddr).Port, token
	if err := s.takeOver(starting); err != nil {
		s.tell(report{Error: err.Error(), Exists: errors.Is(err, ErrRunning)})
		return err
	}
	err = s.bringUp(starting)
	if err == nil {
		s.tell(report{Ready: true})
		if !<-kept {
			err = context.Cause(starting)
		}
	}
	if err != nil {
		s.log.Info("start failed", "error", err.Error())
		err = errors.Join(err, s.takeDown())
		s.tell(report{Error: err.Error()})
		return err
	}
	s.reports = nil
	s.hub.close() // what happens from now on shows in the processes
	s.hub = nil
	s.log.Info("cluster runs", "engines", len(s.ids))
	reason := s.watch(ctx, desk.orders)
	s.log.Info("cluster stops", "reason", reason)
	desk.close()
	return s.takeDown()
}

// tell reports to the starter. That it may be gone is noticed elsewhere.
func (s *supervisor) tell(r report) {
	if s.reports == nil {
		return
	}
	if err := json.NewEncoder(s.reports).Encode(r); err != nil {
		s.log.V(1).Info("the starter does not listen", "error", err.Error())
		s.reports = nil
	}
}

// takeOver deals with what an earlier cluster of this name left: one that works
// is ErrRunning, remains are removed.
func (s *supervisor) takeOver(ctx context.Context) error {
	file := proto.ClientFile(s.profileDir, s.id)
	if _, err := os.Stat(file); err == nil {
		ctx, cancel := context.WithTimeout(ctx, hubPatience)
		defer cancel()
		if _, err := askEngines(ctx, file, s.log); err == nil {
			return ErrRunning
		}
	}
	old, err := readState(s.place)
	if err != nil && !errors.Is(err, ErrNotFound) {
		// Unreadable is not proof of death, but the lock says that nobody
		// watches and the hub does not answer.
		s.log.Info("state of an earlier cluster dropped", "error", err.Error())
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, stopTime)
		defer cancel()
		if err := old.stopJobs(ctx, s.launcher); err != nil {
			return fmt.Errorf("remains of an earlier cluster: %w", err)
		}
	}
	return s.removeFiles()
}

// bringUp starts hub and engines and returns when all engines are registered.
func (s *supervisor) bringUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	self, err := launch.Identify(os.Getpid())
	if err != nil {
		return err
	}
	s.st = state{
		Version: stateVersion, ID: s.id, ProfileDir: s.profileDir, State: Starting,
		Want: s.N, Started: time.Now(), Supervisor: self, Orders: s.st.Orders, Token: s.st.Token,
	}
	// Logs of an earlier cluster of this name would mislead.
	if err := s.removeLogs(func(what string) bool { return what != "supervisor" }); err != nil {
		return err
	}
	if s.st.Hub, err = s.launch(ctx, launch.Job{
		Name: s.jobName("hub"), Dir: s.profileDir, N: 1,
		Args: append([]string{"hub", "--profile-dir=" + s.profileDir, "--cluster-id=" + s.id}, s.HubArgs...),
	}); err != nil {
		return err
	}
	// Engines wait for the file that the hub will write: both start at once.
	engines, err := s.launchEngines(ctx, 0, s.N)
	if err != nil {
		return err
	}
	s.addSlots(engines)
	if err := s.save(); err != nil {
		return err
	}
	return s.await(ctx)
}

// launch starts a job of gopar's binary.
func (s *supervisor) launch(ctx context.Context, j launch.Job) (*launch.Record, error) {
	j.Exe, j.LogDir = s.Exe, proto.LogDir(s.profileDir)
	j.Env = append([]string{proto.EnvProfileDir + "=" + s.profileDir, proto.EnvClusterID + "=" + s.id}, s.Env...)
	return s.launcher.Start(ctx, j)
}

// launchEngines starts n engines with indexes from first. What they log is
// added to what engines of the same indexes have logged.
func (s *supervisor) launchEngines(ctx context.Context, first, n int) (*launch.Record, error) {
	return s.launch(ctx, launch.Job{
		Name: s.jobName("engines-1"), Dir: s.Dir, First: first, N: n,
		Args: append([]string{
			"engine", "--file=" + proto.EngineFile(s.profileDir, s.id),
			fmt.Sprintf("--wait-for-file=%d", int(s.Timeout/time.Second)+1),
		}, s.EngineArgs...),
	})
}

// await waits until the hub has written its connection file and s.N engines
// are registered, or one of the processes ends.
func (s *supervisor) await(ctx context.Context) error {
	tr := s.launcher.Traits()
	pause := 2 * time.Millisecond
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var changed chan struct{}
		if s.hub != nil {
			changed = s.hub.changed
		}
		var err error
		select {
		case <-ctx.Done():
			return s.tooLate(ctx)
		case <-changed:
			err = s.askHub(ctx)
		case <-tr.Changed:
			err = s.look(ctx)
		case <-timer.C:
			timer.Reset(pause)
			pause = min(pause*3/2, tr.PollEvery)
			err = s.look(ctx)
		}
		if err != nil {
			return err
		}
		if len(s.ids) >= s.N {
			s.st.State = Running
			return s.save()
		}
		s.progress()
	}
}

// look sees what has happened to the processes and the hub while they start.
func (s *supervisor) look(ctx context.Context) error {
	tasks, err := s.st.poll(ctx, s.launcher)
	if err == nil {
		s.st.Tasks = tasks
		for _, t := range tasks {
			if t.State == launch.Done {
				return s.died(t)
			}
		}
	}
	return s.askHub(ctx)
}

// askHub learns which engines are registered, once the hub is there.
func (s *supervisor) askHub(ctx context.Context) error {
	if s.hub == nil {
		if err := s.dial(ctx); err != nil || s.hub == nil {
			return err
		}
	}
	ids, err := s.hub.engines(ctx)
	if errors.Is(err, errNoHub) || ctx.Err() != nil {
		return nil // its death is noticed by look, the end of ctx by await
	}
	s.ids = ids
	return err
}

// dial connects to the hub once its connection files are there.
func (s *supervisor) dial(ctx context.Context) error {
	h, err := dialHub(ctx, proto.ClientFile(s.profileDir, s.id), s.log)
	if errors.Is(err, proto.ErrNoFile) || errors.Is(err, errNoHub) {
		return nil // not yet; its death is noticed otherwise
	}
	if err != nil {
		return err
	}
	s.hub = h
	return h.watch(s.log)
}

// progressEvery bounds how often the starter is told: the status of many
// engines is long, and nobody reads faster.
const progressEvery = 30 * time.Millisecond

// progress reports the status to the starter when it has changed.
func (s *supervisor) progress() {
	key := fmt.Sprint(s.ids, s.st.Tasks, s.hub != nil)
	if key == s.told || time.Since(s.toldAt) < progressEvery {
		return
	}
	s.told, s.toldAt = key, time.Now()
	status := s.st.status(s.place)
	status.Registered = append(status.Registered, s.ids...)
	s.tell(report{Status: &status})
}

// died describes the end of a process that should have gone on.
func (s *supervisor) died(t launch.Task) error {
	rec := s.record(t.Job)
	what := "an engine"
	if rec == s.st.Hub {
		what = "the hub"
	}
	return fmt.Errorf("%s ended while the cluster started (%s)\n%s", what, t.Reason, s.tail(rec, t.Index))
}

// tooLate describes a start that ran out of time, or was given up.
func (s *supervisor) tooLate(ctx context.Context) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	switch {
	case s.hub == nil:
		return fmt.Errorf("the hub was not ready within %v\n%s", s.Timeout, s.tail(s.st.Hub, 0))
	case len(s.st.Engines) == 0:
		return fmt.Errorf("no engines were started within %v", s.Timeout)
	}
	return fmt.Errorf("%d of %d engines registered within %v\n%s", len(s.ids), s.N, s.Timeout, s.tail(s.st.Engines[0], s.st.Engines[0].First))
}

func (s *supervisor) record(job string) *launch.Record {
	recs := s.st.records()
	return recs[slices.IndexFunc(recs, func(r *launch.Record) bool { return r.Name == job })]
}

// tail returns the last lines of a task's log under its path.
func (s *supervisor) tail(rec *launch.Record, index int) string {
	lines, err := s.launcher.Tail(context.Background(), rec, index, 20)
	if err != nil {
		return "  its log cannot be read: " + err.Error()
	}
	head := "  last lines of " + rec.LogFile(index) + ":"
	if len(lines) == 0 {
		return "  it logged nothing in " + rec.LogFile(index)
	}
	return head + "\n  | " + strings.Join(lines, "\n  | ")
}

// save writes the state file and ipyparallel's copy.
func (s *supervisor) save() error {
	if err := writeFile(s.stateFile(), &s.st); err != nil {
		return fmt.Errorf("write the cluster's state: %w", err)
	}
	if err := writeFile(s.ipyparallelFile(), s.st.ippFile()); err != nil {
		return fmt.Errorf("write ipyparallel's cluster file: %w", err)
	}
	return nil
}

// takeDown stops all processes and removes all files but the logs. What cannot
// be stopped stays in the state file.
func (s *supervisor) takeDown() error {
	if s.hub != nil {
		s.hub.close()
	}
	// Whoever wanted the end may have ended the context; the end still happens.
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	if err := s.st.stopJobs(ctx, s.launcher); err != nil {
		s.st.State, s.st.Problem = Broken, err.Error()
		return errors.Join(err, s.save())
	}
	return s.removeFiles()
}
