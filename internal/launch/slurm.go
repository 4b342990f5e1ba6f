package launch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/user"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
)

// Slurm runs jobs as job arrays, one element for each task: they start one by
// one as the system finds room, and one id stands for all. In ModeAllocation one
// job holds all tasks, which srun starts together. The job's program, log
// directory and working directory must be visible on the nodes.
//
// The script is submitted on standard input, and everything a task needs is in
// it: nothing but flags shows in anybody's process list. squeue tells the state
// of all jobs in one query; sbatch, squeue and scancel are those on PATH, and
// $SLURM_CONF is theirs.
type Slurm struct {
	o     Options
	log   logr.Logger
	ranks ranks // of allocations
}

// NewSlurm returns a launcher for the Slurm of this machine.
func NewSlurm(o Options, log logr.Logger) (*Slurm, error) {
	err := o.check("slurm", "queue", "account", "qos", "reservation", "walltime", "cpus", "memory", "gpus", "mode", "nodes",
		"throttle", "directives", "skip", "prologue", "epilogue", "template")
	return &Slurm{o: o, log: log.WithName("slurm")}, err
}

// Traits says that Slurm has to be polled.
func (*Slurm) Traits() Traits {
	return Traits{Kind: "slurm", PollEvery: time.Second, Elsewhere: true}
}

// Close does nothing: a Slurm holds nothing.
func (*Slurm) Close() error { return nil }

// Render returns the job script.
func (s *Slurm) Render(j Job) (string, error) {
	return s.render(&j, s.record(&j, "MARK"))
}

func (s *Slurm) record(j *Job, mark string) *Record {
	r := &Record{Launcher: "slurm", Name: j.Name, First: j.First, N: j.N, LogDir: j.LogDir}
	if s.o.Mode == ModeAllocation {
		r.Mark = mark
	}
	return r
}

func (s *Slurm) render(j *Job, r *Record) (string, error) {
	if err := j.check(); err != nil {
		return "", err
	}
	own, err := s.directives(j)
	if err != nil {
		return "", err
	}
	body, err := j.shellBody(&s.o)
	if r.Mark != "" {
		body, err = s.allocation(j, r)
	}
	if err != nil {
		return "", err
	}
	d := dialect{system: "slurm", mark: "#SBATCH", name: optionName}
	return d.merge(&s.o, own, body)
}

// allocation returns the part of a job script that runs all tasks at once. The
// end of one does not concern the others.
func (s *Slurm) allocation(j *Job, r *Record) (string, error) {
	setup, err := j.shellSetup(&s.o)
	if err != nil {
		return "", err
	}
	// The walltime's signal comes to this shell: one to the steps would end their
	// programs.
	return setup + `trap 'echo "gopar: the walltime ends soon: tasks are asked to end"; scancel --signal=TERM "$SLURM_JOB_ID"' XCPU
srun --kill-on-bad-exit=0 --input=none sh -c ` + shellQuote(r.rankScript(j, &s.o, "", true)) + ` &
while kill -0 $! 2>/dev/null; do
  wait $!
done
`, nil
}

// directives returns what the options and the job mean to sbatch.
func (s *Slurm) directives(j *Job) ([]string, error) {
	o := &s.o
	stem := strings.ReplaceAll(j.LogDir+"/"+j.Name, "%", "%%")
	if strings.ContainsAny(stem, "\"\\\n") {
		return nil, fmt.Errorf("launch %s: Slurm cannot write to files named %q", j.Name, stem)
	}
	d := []string{"--job-name=" + j.Name, "--open-mode=append"}
	if o.Mode == ModeAllocation {
		d = append(d, fmt.Sprintf("--ntasks=%d", j.N), `--output="`+stem+`-job.log"`)
		if o.Nodes > 0 {
			d = append(d, fmt.Sprintf("--nodes=%d", o.Nodes))
		}
	} else {
		array := fmt.Sprintf("%d-%d", j.First, j.First+j.N-1)
		if o.Throttle > 0 {
			array += "%" + strconv.Itoa(o.Throttle)
		}
		d = append(d, "--array="+array, `--output="`+stem+`-%a.log"`)
		if o.GPUs != "" {
			d = append(d, "--ntasks=1") // which --gpus-per-task needs
		}
	}
	d = append(d, "--no-requeue") // a task that lost its node is started again by whoever watches
	for _, v := range []struct{ name, value string }{
		{"partition", o.Queue}, {"account", o.Account}, {"qos", o.QOS}, {"reservation", o.Reservation}, {"gpus-per-task", o.GPUs},
	} {
		if v.value != "" {
			d = append(d, "--"+v.name+"="+v.value)
		}
	}
	if o.CPUs > 0 {
		d = append(d, fmt.Sprintf("--cpus-per-task=%d", o.CPUs))
	}
	if o.Memory != "" {
		memory, err := perTask(o, o.Memory)
		if err != nil {
			return nil, err
		}
		d = append(d, memory)
	}
	if o.Walltime > 0 {
		sec := int((o.Walltime + time.Second - 1) / time.Second)
		d = append(d, fmt.Sprintf("--time=%d:%02d:%02d", sec/3600, sec/60%60, sec%60))
		if o.Walltime > 2*warning {
			d = append(d, fmt.Sprintf("--signal=B:XCPU@%d", int(warning/time.Second))) // B: the batch shell, which passes it on
		}
	}
	return d, nil
}

// perTask returns the directive for a task's memory. A task of an array has a
// node's part for itself; several tasks of an allocation may share a node, and
// Slurm counts memory by node or by processor.
func perTask(o *Options, memory string) (string, error) {
	if o.Mode != ModeAllocation {
		return "--mem=" + memory, nil
	}
	if o.CPUs > 1 {
		return "", fmt.Errorf("slurm: memory %s with %d cpus in one allocation: Slurm counts by processor; give --mem-per-cpu as a directive", memory, o.CPUs)
	}
	return "--mem-per-cpu=" + memory, nil
}

// shortOptions are sbatch's short names of options that gopar may set.
var shortOptions = map[string]string{
	"a": "array", "A": "account", "c": "cpus-per-task", "e": "error", "J": "job-name", "n": "ntasks", "N": "nodes",
	"o": "output", "p": "partition", "q": "qos", "t": "time",
}

// optionName returns the long name of a directive's option.
func optionName(directive string) string {
	word, _, _ := strings.Cut(directive, "=")
	word, _, _ = strings.Cut(word, " ")
	if name, ok := strings.CutPrefix(word, "--"); ok {
		return name
	}
	short := strings.TrimPrefix(word, "-")
	if short != "" {
		short = short[:1] // "-pdebug"
	}
	if long, ok := shortOptions[short]; ok {
		return long
	}
	return short
}

// submitted matches what sbatch --parsable prints: the id and, on a federation,
// the cluster's name.
var submitted = regexp.MustCompile(`^\d+(;[^\s;]+)?$`)

// Start submits the job.
func (s *Slurm) Start(ctx context.Context, j Job) (*Record, error) {
	rec := s.record(&j, rand.Text())
	script, err := s.render(&j, rec)
	if err == nil {
		err = j.checkExe()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if err := rec.createLogs(); err != nil {
		return nil, err
	}
	out, err := command(ctx, script, "sbatch", "--parsable")
	if err != nil {
		// It may have been accepted nevertheless: what carries the name and is
		// younger than this call is ours, but it cannot be told apart safely.
		return nil, fmt.Errorf("start %s: %w", j.Name, err)
	}
	rec.ID = strings.TrimSpace(out)
	if !submitted.MatchString(rec.ID) {
		return nil, fmt.Errorf("start %s: sbatch answers %q, which is no job id", j.Name, rec.ID)
	}
	rec.Submitted = time.Now()
	s.log.V(1).Info("job submitted", "job", j.Name, "id", rec.ID, "tasks", j.N)
	return rec, nil
}

// fields are what is asked of squeue; the name comes last, as it may hold
// the separator.
const fields = "ArrayJobID:|,ArrayTaskID:|,State:|,Reason:|,exit_code:|,NodeList:|,Name:"

// query asks squeue for all jobs of the user, in one call for each cluster of a
// federation. The keys are cluster, job id, array index and name.
func (s *Slurm) query(ctx context.Context, recs ...*Record) (map[string]Task, error) {
	me, err := user.Current()
	if err != nil {
		return nil, err
	}
	known := make(map[string]Task)
	var asked []string
	for _, r := range recs {
		_, site, _ := strings.Cut(r.ID, ";")
		if slices.Contains(asked, site) {
			continue
		}
		asked = append(asked, site)
		args := []string{"--noheader", "--array", "--states=all", "--user=" + me.Uid, "--Format=" + fields}
		if site != "" {
			args = append(args, "--clusters="+site)
		}
		out, err := command(ctx, "", "squeue", args...)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(out) {
			if name, t, ok := parseSlurm(line); ok {
				known[site+" "+name] = t
			}
		}
	}
	return known, nil
}

// Poll asks squeue.
func (s *Slurm) Poll(ctx context.Context, recs ...*Record) ([]Task, error) {
	if len(recs) == 0 {
		return nil, nil
	}
	known, err := s.query(ctx, recs...)
	if err != nil {
		return nil, err
	}
	var tasks []Task
	for _, r := range recs {
		id, site, _ := strings.Cut(r.ID, ";")
		find := func(element string) Task {
			t, ok := known[site+" "+id+" "+element+" "+r.Name]
			if !ok {
				// Elements that were cancelled before they began are told of as one.
				t, ok = known[site+" "+id+" N/A "+r.Name]
			}
			if !ok {
				t = Task{State: Done, Reason: forgotten, Ended: time.Now()}
			}
			return t
		}
		if r.Mark != "" {
			told, err := s.ranks.poll(r, find("N/A"))
			if err != nil {
				return nil, err
			}
			tasks = append(tasks, told...)
			continue
		}
		for i := r.First; i < r.First+r.N; i++ {
			t := find(strconv.Itoa(i))
			t.Job, t.Index = r.Name, i
			tasks = append(tasks, t)
		}
	}
	return tasks, nil
}

// parseSlurm reads a line of squeue; name identifies the task.
func parseSlurm(line string) (name string, t Task, ok bool) {
	f := strings.SplitN(strings.TrimRight(line, "\n"), "|", 7)
	if len(f) != 7 {
		return "", Task{}, false
	}
	for i := range f[:6] {
		f[i] = strings.TrimSpace(f[i])
	}
	state, reason := f[2], f[3]
	t.State, t.Host = slurmState(state), f[5]
	switch t.State {
	case Pending:
		t.Reason = reason
	case Done:
		t.Ended = time.Now()
		t.Reason = strings.ToLower(state)
		if status, err := strconv.Atoi(f[4]); err == nil {
			t.ended(state, status)
		}
	}
	return fmt.Sprintf("%s %s %s", f[0], f[1], strings.TrimSpace(f[6])), t, true
}

// ended notes how a task ended, from its wait status.
func (t *Task) ended(state string, status int) {
	if n := status & 0x7f; n != 0 {
		t.Reason = fmt.Sprintf("%s, killed by signal %d", strings.ToLower(state), n)
		t.Signal = signalNames[n]
		return
	}
	code := status >> 8
	if state == "CANCELLED" || state == "TIMEOUT" || state == "NODE_FAIL" || state == "PREEMPTED" {
		return // the code says nothing about the program
	}
	t.shellStatus(code) // the script ends as its task did
	if state == "OUT_OF_MEMORY" {
		t.Reason = "out of memory"
	}
}

func slurmState(s string) State {
	switch s {
	case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD":
		return Pending
	case "RUNNING", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING":
		return Running
	case "COMPLETING", "STAGE_OUT":
		return Ending
	case "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE",
		"OUT_OF_MEMORY", "REVOKED", "SPECIAL_EXIT":
		return Done
	}
	return Unknown
}

// Signal sends a signal to running tasks. Terminate and Kill cancel those that
// wait; Kill ends the others with all their processes. That scancel succeeds
// proves nothing: it does so for unknown jobs too.
func (s *Slurm) Signal(ctx context.Context, rec *Record, sig Signal, tasks ...int) error {
	if rec.Mark != "" && len(tasks) > 0 && len(tasks) < rec.N {
		return s.signalRanks(ctx, rec, sig, tasks)
	}
	id, site, _ := strings.Cut(rec.ID, ";")
	common := []string{"--quiet"}
	if site != "" {
		common = append(common, "--clusters="+site)
	}
	ids := []string{id}
	if len(tasks) > 0 && rec.Mark == "" {
		ids = nil
		for _, i := range tasks {
			ids = append(ids, fmt.Sprintf("%s_%d", id, i))
		}
	}
	// Ids wrap around: the name must be the job's, too.
	common = append(common, "--jobname="+rec.Name)
	// The script of an array's task passes signals on, as does that of a step;
	// Kill takes them and everything else.
	// Without a state, scancel tries for a minute to signal what does not run yet.
	send := []string{"--state=RUNNING", "--signal=" + string(sig)}
	if rec.Mark == "" {
		send = append(send, "--batch")
	}
	calls := [][]string{send}
	switch sig {
	case Terminate:
		calls = [][]string{{"--state=PENDING"}, send}
	case Kill:
		calls = [][]string{{"--state=PENDING"}, {"--state=RUNNING", "--full", "--signal=KILL"}, nil}
	}
	for _, c := range calls {
		// With --quiet, that nothing was there to signal is told by the exit code alone.
		if _, err := command(ctx, "", "scancel", slices.Concat(common, c, ids)...); err != nil && !errors.Is(err, errSilent) {
			return fmt.Errorf("signal %s: %w", rec.Name, err)
		}
	}
	if sig == Kill && rec.Mark != "" {
		return s.forget(ctx, rec)
	}
	return nil
}

// signalRanks signals single tasks of an allocation, on their nodes.
func (s *Slurm) signalRanks(ctx context.Context, rec *Record, sig Signal, tasks []int) error {
	id, site, _ := strings.Cut(rec.ID, ";")
	for _, i := range tasks {
		k, err := rec.awaitRank(ctx, i)
		if err != nil {
			return fmt.Errorf("signal %s task %d: %w", rec.Name, i, err)
		}
		if k.ended {
			continue
		}
		pid := strconv.Itoa(k.proc.PID)
		if sig == Kill {
			pid = "-" + pid // its process group
		}
		// The shell above the process has not seen its end: the pid is not another's.
		args := []string{"--jobid=" + id, "--overlap", "--nodes=1", "--ntasks=1", "--nodelist=" + k.node, "--input=none", "--quiet"}
		if site != "" {
			args = append(args, "--clusters="+site)
		}
		if _, err := command(ctx, "", "srun", append(args, "kill", "-s", string(sig), "--", pid)...); err != nil {
			// It may have ended meanwhile, or its job.
			if again, _, rerr := readRank(rec.rankFile(i)); rerr == nil && again.ended {
				continue
			}
			if job, jerr := s.job(ctx, rec); jerr == nil && job.State == Done {
				continue
			}
			return fmt.Errorf("signal %s task %d: %w", rec.Name, i, err)
		}
	}
	return nil
}

// job returns the state of a job of one allocation.
func (s *Slurm) job(ctx context.Context, rec *Record) (Task, error) {
	known, err := s.query(ctx, rec)
	if err != nil {
		return Task{}, err
	}
	id, site, _ := strings.Cut(rec.ID, ";")
	if t, ok := known[site+" "+id+" N/A "+rec.Name]; ok {
		return t, nil
	}
	return Task{State: Done, Reason: forgotten, Ended: time.Now()}, nil
}

// forgotten is why a job is taken for over that squeue does not tell of; it
// keeps those that have ended for MinJobAge.
const forgotten = "Slurm knows it no more"

// forget removes the files of a job of one allocation when it is over, for which
// it waits: the job outlives its tasks by a moment.
func (s *Slurm) forget(ctx context.Context, rec *Record) error {
	for {
		job, err := s.job(ctx, rec)
		if err == nil && job.State == Done {
			return s.ranks.forget(rec, job)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("job %s is not over: %w", rec.ID, errors.Join(err, ctx.Err()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Tail reads the end of the task's log file.
func (*Slurm) Tail(_ context.Context, rec *Record, task, n int) ([]string, error) {
	return TailFile(rec.LogFile(task), n)
}
