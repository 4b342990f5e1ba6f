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
	log       logr.Logger
	local     *launch.Local
	launchers []launch.Launcher // of the sets, to start their engines
	systems   *launch.Systems   // for everything else
	lookout   *lookout
	scout     *scout    // nil unless the load matters
	done      int       // tasks that were done when it was last looked at
	busy      time.Time // when there was work last; zero: nobody has looked
	st        state
	hub       *hubLink // nil until the hub's connection file is there
	ids       []int    // engines registered at the hub
	reports   *os.File // nil when nobody listens any more
	told      string   // the last progress, to tell each once
	toldAt    time.Time
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
	s.local, s.systems = launch.NewLocal(s.log), launch.NewSystems(s.log)
	s.systems.Adopt(s.local)
	s.lookout = newLookout(s.systems)
	defer func() {
		s.lookout.close()
		errs := []error{err, s.systems.Close()}
		for _, l := range s.launchers {
			errs = append(errs, l.Close()) // twice for those that were adopted, which is no error
		}
		err = errors.Join(errs...)
	}()
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
	if s.Resume {
		err = s.resume()
	} else {
		err = s.bringUp(starting)
	}
	if err == nil {
		s.tell(report{Ready: true})
		if !<-kept {
			err = context.Cause(starting)
		}
	}
	if err != nil && s.Resume {
		s.tell(report{Error: err.Error()})
		return err // the cluster works on without a supervisor, as it did
	}
	if err != nil {
		s.log.Info("start failed", "error", err.Error())
		err = errors.Join(err, s.takeDown())
		s.tell(report{Error: err.Error()})
		return err
	}
	s.reports = nil
	if s.hub != nil {
		s.hub.close() // what happens from now on shows in the processes
		s.hub = nil
	}
	s.log.Info("cluster runs", "engines", len(s.ids))
	if s.st.Spec.Adapt.Max > 0 || s.st.Spec.StopIdle > 0 {
		s.scout = newScout(&Cluster{place: s.place, log: s.log})
		defer s.scout.close()
	}
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
	if s.Resume {
		return nil
	}
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
		ctx, cancel := context.WithTimeout(ctx, old.stopTime())
		defer cancel()
		if err := old.stopJobs(ctx, s.systems); err != nil {
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
		Spec: s.spec, Started: time.Now(), Supervisor: self, Orders: s.st.Orders, Token: s.st.Token,
	}
	// Logs of an earlier cluster of this name would mislead.
	if err := s.removeLogs(func(what string) bool { return what != "supervisor" }); err != nil {
		return err
	}
	open, err := s.openLaunchers()
	if err != nil {
		return err
	}
	if s.st.Hub, err = s.local.Start(ctx, s.spec.job(launch.Job{
		Name: s.jobName("hub"), Dir: s.profileDir, N: 1, Args: s.hubArgs(open),
	})); err != nil {
		return err
	}
	// Engines wait for the file that the hub will write: both start at once.
	first := 0
	for i, set := range s.Sets {
		if set.N == 0 {
			continue
		}
		engines, err := s.launchEngines(ctx, i, first, set.N)
		if err != nil {
			return err
		}
		s.addSlots(i, engines)
		first += set.N
	}
	if err := s.save(); err != nil {
		return err
	}
	return s.await(ctx)
}

// openLaunchers makes the launchers of the sets, and reports whether engines
// may come from other machines.
func (s *supervisor) openLaunchers() (open bool, err error) {
	for _, set := range s.st.Spec.Sets {
		if set.On == "local" {
			s.launchers = append(s.launchers, s.local) // whose children it will know
			continue
		}
		l, err := launch.New(set.On, set.Launch, s.log)
		if err != nil {
			return false, err
		}
		s.launchers = append(s.launchers, l)
		s.systems.Adopt(l)
		open = open || l.Traits().Elsewhere
	}
	return open, nil
}

// resume takes over a cluster that its supervisor has left behind, as it is in
// the state file.
func (s *supervisor) resume() error {
	old, err := readState(s.place)
	if err != nil {
		return err
	}
	self, err := launch.Identify(os.Getpid())
	if err != nil {
		return err
	}
	old.Supervisor, old.Orders, old.Token = self, s.st.Orders, s.st.Token
	s.st = *old
	if s.st.Hub == nil || s.st.Hub.Procs[0].Check() != nil {
		return errors.New("its hub is gone: stop it, and start it again")
	}
	if _, err := s.openLaunchers(); err != nil {
		return err
	}
	s.log.Info("cluster taken over", "engines", len(s.st.Slots))
	return s.save()
}

// launchEngines starts n engines of a set with indexes from first. What they log
// is added to what engines of the same indexes have logged.
func (s *supervisor) launchEngines(ctx context.Context, set, first, n int) (*launch.Record, error) {
	l, j := s.launchers[set], s.st.Spec.engineJob(set, first, n)
	if l.Traits().Apart {
		if err := s.takeAlong(ctx, &j); err != nil {
			return nil, err
		}
		j.NewLogs = s.st.State == Starting
	}
	return l.Start(ctx, j)
}

// takeAlong gives engines that see no file of this machine what the engine
// connection file says. A hub that listens here only is reached by a tunnel.
func (s *supervisor) takeAlong(ctx context.Context, j *launch.Job) error {
	info, err := s.engineInfo(ctx)
	if err != nil {
		return err
	}
	if host := strings.TrimPrefix(info.Interface, "tcp://"); host == "localhost" || net.ParseIP(host).IsLoopback() {
		info.Interface = "ipc://" + launch.ReachMark
		j.Reach = append([]int{info.Registration, info.Control, info.Mux, info.HBPing, info.HBPong, info.Task, info.IOPub}, info.Broadcast...)
		slices.Sort(j.Reach)
		j.Reach = slices.Compact(j.Reach)
	}
	text, err := json.Marshal(info)
	if err != nil {
		return err
	}
	j.Secrets = append(j.Secrets, proto.EnvConnectionInfo+"="+string(text))
	return nil
}

// engineInfo returns the engine connection file, for which it waits as long as
// the hub lives.
func (s *supervisor) engineInfo(ctx context.Context) (*proto.EngineInfo, error) {
	for {
		info, err := proto.ReadEngineInfo(proto.EngineFile(s.profileDir, s.id))
		if !errors.Is(err, proto.ErrNoFile) {
			return info, err
		}
		for _, t := range s.systems.Poll(ctx, s.st.Hub) {
			if t.State == launch.Done {
				return nil, s.died(t)
			}
		}
		select {
		case <-ctx.Done():
			return nil, s.tooLate(ctx)
		case <-time.After(5 * time.Millisecond): // files have no events
		}
	}
}

// await waits until the hub has written its connection file and all engines are
// registered, or one of the processes ends. Engines that a batch system has not
// found room for when the time is over come later: their place in its queue is
// not given away.
func (s *supervisor) await(ctx context.Context) error {
	tr := s.local.Traits()
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
			if s.queued(ctx) {
				s.log.Info("engines are still waiting", "progress", s.status().Progress())
				s.st.State = Running
				return s.save()
			}
			return s.tooLate(ctx)
		case a := <-s.lookout.answers:
			s.lookout.answered()
			err = s.seen(s.st.merge(a))
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
		if len(s.ids) >= s.engines() {
			// Those that were started elsewhere may be known to the hub only.
			_, far := s.st.divide()
			s.st.Tasks = s.st.merge(answer{far, s.systems.Poll(ctx, far...)})
			s.st.State = Running
			return s.save()
		}
		s.progress()
	}
}

// look sees what has happened to the processes and the hub while they start.
func (s *supervisor) look(ctx context.Context) error {
	here, far := s.st.divide()
	s.lookout.ask(far)
	if err := s.seen(s.st.merge(answer{here, s.systems.Poll(ctx, here...)})); err != nil {
		return err
	}
	return s.askHub(ctx)
}

// seen notes what has become of the processes. One that has ended ends the start.
func (s *supervisor) seen(tasks []launch.Task) error {
	s.st.Tasks = tasks
	for _, t := range tasks {
		if t.State == launch.Done {
			return s.died(t)
		}
	}
	return nil
}

// queued reports whether all engines that are missing when the time is over are
// waiting in a queue.
func (s *supervisor) queued(ctx context.Context) bool {
	if s.hub == nil || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return false
	}
	waiting := 0
	for _, e := range s.st.Slots {
		if t := s.st.task(e); t.State == launch.Pending && s.st.Spec.Sets[e.Set].On != "local" {
			waiting++
		}
	}
	return waiting > 0 && len(s.ids)+waiting >= s.engines()
}

// status is what is known of the cluster, the engines included that the hub has.
func (s *supervisor) status() *Status {
	status := s.st.status(s.place)
	status.Registered = append(status.Registered, s.ids...)
	return &status
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
	s.tell(report{Status: s.status()})
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
	return fmt.Errorf("not all engines came up within %v: %s\n%s", s.Timeout, s.status().Progress(), s.tail(s.st.Engines[0], s.st.Engines[0].First))
}

func (s *supervisor) record(job string) *launch.Record {
	recs := s.st.records()
	return recs[slices.IndexFunc(recs, func(r *launch.Record) bool { return r.Name == job })]
}

// tail returns the last lines of a task's log under its path.
func (s *supervisor) tail(rec *launch.Record, index int) string {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	lines, err := s.systems.Tail(ctx, rec, index, 20)
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
	ctx, cancel := context.WithTimeout(context.Background(), s.st.stopTime())
	defer cancel()
	if err := s.st.stopJobs(ctx, s.systems); err != nil {
		s.st.State, s.st.Problem = Broken, err.Error()
		return errors.Join(err, s.save())
	}
	return s.removeFiles()
}
