//go:build unix

package launch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// SSH runs tasks on other machines through the system's ssh, whose configuration,
// keys and agent it uses. Nothing is needed there but a shell: the job's program
// is copied there unless it is there already, and takes requests on its standard
// input as an agent that starts, polls and signals the tasks. Tasks outlive the
// connection, and are found again by their records.
//
// Ports of this machine that a job names in Reach are forwarded, as sockets that
// nobody else there can open, by a process of this machine that outlives the
// launcher and connects again when a connection breaks.
type SSH struct {
	// AgentArgs make the job's program an agent: it calls ServeAgent. Default:
	// "remote".
	AgentArgs []string

	o     Options
	log   logr.Logger
	local *Local // for tunnels

	mu    sync.Mutex
	hosts map[string]*sshHost
}

// NewSSH returns a launcher for the hosts of o. It must be closed.
func NewSSH(o Options, log logr.Logger) (*SSH, error) {
	if err := o.check("ssh", "hosts", "command"); err != nil {
		return nil, err
	}
	if _, err := expandHosts(o.Hosts); err != nil {
		return nil, err
	}
	if len(o.Command) == 0 {
		o.Command = []string{"ssh"}
	}
	return &SSH{AgentArgs: []string{"remote"}, o: o, log: log.WithName("ssh"), local: NewLocal(log), hosts: make(map[string]*sshHost)}, nil
}

// expandHosts resolves "host*4".
func expandHosts(hosts []string) ([]string, error) {
	var all []string
	for _, h := range hosts {
		name, times, many := strings.Cut(h, "*")
		n := 1
		if many {
			var err error
			if n, err = strconv.Atoi(times); err != nil || n < 1 || n > 10_000 {
				return nil, fmt.Errorf("ssh: host %q: want NAME*NUMBER", h)
			}
		}
		if name == "" || strings.HasPrefix(name, "-") || strings.ContainsAny(name, " \t\r\n'\"\\$`") {
			return nil, fmt.Errorf("ssh: %q is no name of a host", name)
		}
		for range n {
			all = append(all, name)
		}
	}
	return all, nil
}

// Traits says that hosts have to be asked.
func (*SSH) Traits() Traits {
	return Traits{Kind: "ssh", PollEvery: time.Second, Apart: true}
}

// Close ends the connections. Jobs and tunnels run on.
func (s *SSH) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		h.close()
	}
	s.hosts = make(map[string]*sshHost)
	return s.local.Close()
}

// ReachMark stands, in a job's environment and secrets, for what is before the
// "-PORT" in the path of the socket by which a port of Job.Reach is reached.
const ReachMark = "{{reach}}"

// host returns the connection to a host, by the command that a record names.
func (s *SSH) host(command []string, dest string) *sshHost {
	if len(command) == 0 {
		command = s.o.Command
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := fmt.Sprintf("%q %s", command, dest)
	h := s.hosts[key]
	if h == nil {
		h = newSSHHost(dest, command, s.AgentArgs, s.log)
		s.hosts[key] = h
	}
	return h
}

// destinations returns the host of each task of a job.
func (s *SSH) destinations(j *Job) ([]string, error) {
	all, err := expandHosts(s.o.Hosts)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("ssh: no hosts: name some (--hosts node1,node2)")
	}
	to := make([]string, j.N)
	for k := range to {
		to[k] = all[(j.First+k)%len(all)]
	}
	return to, nil
}

// Render returns one command for each task.
func (s *SSH) Render(j Job) (string, error) {
	if err := j.check(); err != nil {
		return "", err
	}
	to, err := s.destinations(&j)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for k, dest := range to {
		fmt.Fprintf(&b, "# task %d on %s: the program is copied there unless it is there, and starts\n%s %s env", j.First+k, dest, strings.Join(s.o.Command, " "), dest)
		for _, kv := range j.Env {
			b.WriteString(" " + shellQuote(kv))
		}
		b.WriteString(" " + j.shellCommand() + "\n")
	}
	return b.String(), nil
}

// Start starts the tasks on their hosts, all hosts at once.
func (s *SSH) Start(ctx context.Context, j Job) (*Record, error) {
	err := j.check()
	if err == nil {
		err = j.checkExe()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	to, err := s.destinations(&j)
	if err != nil {
		return nil, err
	}
	rec := &Record{
		Launcher: "ssh", ID: rand.Text(), Name: j.Name, First: j.First, N: j.N, LogDir: j.LogDir, Submitted: time.Now(),
		Command: s.o.Command, Parts: make([]Part, j.N),
	}
	tasks := make(map[string][]int) // by host
	for k, dest := range to {
		rec.Parts[k].Host = dest
		tasks[dest] = append(tasks[dest], k)
	}
	var mu sync.Mutex
	err = each(tasks, func(dest string, of []int) error {
		h := s.host(rec.Command, dest)
		mine := j
		if len(j.Reach) > 0 {
			tunnel, prefix, err := s.tunnel(ctx, h, rec, &j)
			if err != nil {
				return err
			}
			mu.Lock()
			rec.Tunnels = append(rec.Tunnels, tunnel)
			mu.Unlock()
			mine.Env, mine.Secrets = replaceAll(j.Env, ReachMark, prefix), replaceAll(j.Secrets, ReachMark, prefix)
		}
		for _, k := range of {
			mine.First, mine.N = j.First+k, 1
			r, err := h.ask(ctx, j.Exe, &agentRequest{Op: "start", Job: &mine})
			if err != nil {
				return err
			}
			if r.Job == nil || len(r.Job.Procs) != 1 {
				return fmt.Errorf("%s: the agent does not tell what it has started", dest)
			}
			rec.Parts[k].Exe, rec.Parts[k].Job = h.program(), r.Job
		}
		return nil
	})
	if err != nil {
		// The caller's ctx may be what failed: the clean-up has its own.
		kctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTime)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("start %s: %w", j.Name, err), s.Signal(kctx, rec, Kill))
	}
	s.log.V(1).Info("job started", "job", j.Name, "tasks", j.N, "hosts", len(tasks))
	return rec, nil
}

func replaceAll(list []string, old, with string) []string {
	changed := make([]string, len(list))
	for i, s := range list {
		changed[i] = strings.ReplaceAll(s, old, with)
	}
	return changed
}

// each calls f for each host at the same time.
func each[T any](byHost map[string]T, f func(dest string, of T) error) error {
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for dest, of := range byHost {
		wg.Go(func() {
			if err := f(dest, of); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Poll asks each host once. Tasks of a host that does not answer are Unknown.
func (s *SSH) Poll(ctx context.Context, recs ...*Record) ([]Task, error) {
	var tasks []Task
	asked := make(map[string][]*Record)
	exes, commands := make(map[string]string), make(map[string][]string)
	places := make(map[string][]int) // in tasks
	for _, r := range recs {
		for k, p := range r.Parts {
			t := Task{Job: r.Name, Index: r.First + k, State: Done, Reason: "it was not started"}
			if p.Job != nil {
				asked[p.Host] = append(asked[p.Host], p.Job)
				places[p.Host] = append(places[p.Host], len(tasks))
				exes[p.Host], commands[p.Host] = p.Exe, r.Command
			}
			tasks = append(tasks, t)
		}
	}
	// Hosts that do not answer make their own tasks Unknown: the error is told there.
	_ = each(asked, func(dest string, of []*Record) error {
		h := s.host(commands[dest], dest)
		h.believe(exes[dest])
		r, err := h.ask(ctx, "", &agentRequest{Op: "poll", Records: of})
		if err == nil && len(r.Tasks) != len(of) {
			err = fmt.Errorf("%s: it tells of %d tasks, not %d", dest, len(r.Tasks), len(of))
		}
		for k, at := range places[dest] { // no other host has these places
			if err != nil {
				tasks[at].State, tasks[at].Reason = Unknown, err.Error()
				continue
			}
			job, index := tasks[at].Job, tasks[at].Index
			tasks[at] = r.Tasks[k]
			tasks[at].Job, tasks[at].Index = job, index
		}
		return err
	})
	return tasks, ctx.Err()
}

// Signal asks the hosts of the tasks to signal them. Kill of a whole job ends its
// tunnels, too.
func (s *SSH) Signal(ctx context.Context, rec *Record, sig Signal, tasks ...int) error {
	chosen := make(map[string][]*Record)
	exes := make(map[string]string)
	for k, p := range rec.Parts {
		if p.Job != nil && (len(tasks) == 0 || slices.Contains(tasks, rec.First+k)) {
			chosen[p.Host] = append(chosen[p.Host], p.Job)
			exes[p.Host] = p.Exe
		}
	}
	err := each(chosen, func(dest string, of []*Record) error {
		h := s.host(rec.Command, dest)
		h.believe(exes[dest])
		_, err := h.ask(ctx, "", &agentRequest{Op: "signal", Records: of, Signal: sig})
		return err
	})
	if err != nil {
		return fmt.Errorf("signal %s: %w", rec.Name, err)
	}
	if sig == Kill && (len(tasks) == 0 || len(tasks) >= rec.N) {
		return s.closeTunnels(ctx, rec)
	}
	return nil
}

// Tail asks the task's host for the end of its log file.
func (s *SSH) Tail(ctx context.Context, rec *Record, task, n int) ([]string, error) {
	k := task - rec.First
	if k < 0 || k >= len(rec.Parts) || rec.Parts[k].Job == nil {
		return nil, fmt.Errorf("log of %s: there is no task %d", rec.Name, task)
	}
	p := rec.Parts[k]
	h := s.host(rec.Command, p.Host)
	h.believe(p.Exe)
	r, err := h.ask(ctx, "", &agentRequest{Op: "tail", Records: []*Record{p.Job}, Lines: n})
	return r.Lines, err
}
