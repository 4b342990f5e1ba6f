package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Ranks are the tasks of a job that one command starts together: srun within an
// allocation, mpiexec. The command tells nothing about a single task, and may
// end all of them when one fails. So each runs below a shell of its own that
// writes down, beside the task's log file, which process it is and how it ended,
// and that itself ends well. The files are removed when the job is over.

// rank is what such a file says.
type rank struct {
	proc  Proc
	node  string // the batch system's name of the machine; "" if it has none
	ended bool
	code  int // exit status as a shell has it: 128 + signal for one that a signal ended
}

// maxRankFile bounds a rank's file before it is believed.
const maxRankFile = 4 << 10

// rankFile returns the path of a task's file.
func (r *Record) rankFile(task int) string {
	return filepath.Join(r.LogDir, fmt.Sprintf(".%s-%d.%s.task", r.Name, task, r.Mark))
}

// rankScript returns the shell script that runs one rank of the record's job.
// setup runs before the program, with the rank's log as its output; everyone as in shellRun.
func (r *Record) rankScript(j *Job, o *Options, setup string, everyone bool) string {
	// The index replaces the X of a path that is quoted without it.
	path := func(p string) string {
		before, after, _ := strings.Cut(p, rankMark)
		return shellQuote(before) + "$gopar_index" + shellQuote(after)
	}
	log := filepath.Join(r.LogDir, r.Name+"-"+rankMark+".log")
	file := filepath.Join(r.LogDir, "."+r.Name+"-"+rankMark+"."+r.Mark+".task")
	s := "gopar_rank=${PMIX_RANK:-${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-$SLURM_PROCID}}}\n" +
		fmt.Sprintf("gopar_index=$((%d + gopar_rank))\nexport GOPAR_RANK=$gopar_rank GOPAR_SIZE=%d\n", r.First, r.N) +
		"gopar_file=" + path(file) + "\n" +
		"exec </dev/null >>" + path(log) + " 2>&1\n" + setup +
		j.shellRun(`gopar_stat=') 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0' # of one that is gone already
{ read -r gopar_stat </proc/$gopar_task/stat; } 2>/dev/null
set -- ${gopar_stat##*) }
shift 19
(
  umask 077
  {
  echo "$gopar_task $1 ${SLURMD_NODENAME:--} $(cat /proc/sys/kernel/hostname)"
  echo "$(cat /proc/sys/kernel/random/boot_id) $(readlink /proc/self/ns/pid)"
  } >"$gopar_file"
)
`, everyone) + "echo $gopar_status >>\"$gopar_file\"\n"
	if o.Epilogue != "" {
		s += strings.TrimRight(o.Epilogue, "\n") + "\n"
	}
	return s + "exit 0\n"
}

// rankMark stands for the index in a path; it cannot be part of one.
const rankMark = "\x00"

// readRank reads a rank's file; ok is false while there is none, or half of one.
func readRank(path string) (k rank, ok bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return rank{}, false, nil
	}
	if err != nil {
		return rank{}, false, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRankFile))
	if err != nil {
		return rank{}, false, err
	}
	k, ok = parseRank(b)
	return k, ok, nil
}

// awaitRank returns what a task's file says. A task that runs may not have
// written it yet: there is a moment between the two.
func (r *Record) awaitRank(ctx context.Context, task int) (rank, error) {
	late := time.NewTimer(rankTime)
	defer late.Stop()
	for {
		k, begun, err := readRank(r.rankFile(task))
		if err != nil || begun {
			return k, err
		}
		select {
		case <-ctx.Done():
			return rank{}, ctx.Err()
		case <-late.C:
			return rank{}, errors.New("it has not begun")
		case <-time.After(10 * time.Millisecond): // files have no events
		}
	}
}

// rankTime is how long a task that runs may take to say so.
const rankTime = time.Second

func parseRank(b []byte) (rank, bool) {
	lines := bytes.SplitAfter(b, []byte("\n"))
	if len(lines) < 3 { // the text after the last line end counts
		return rank{}, false
	}
	f := strings.Fields(string(lines[0]))
	if len(f) != 4 {
		return rank{}, false
	}
	pid, err := strconv.Atoi(f[0])
	if err != nil || pid <= 1 {
		return rank{}, false
	}
	k := rank{proc: Proc{PID: pid, Start: f[1], Host: f[3], Boot: strings.TrimRight(string(lines[1]), "\n")}}
	if f[2] != "-" {
		k.node = f[2]
	}
	if last := lines[2]; bytes.HasSuffix(last, []byte("\n")) {
		code, err := strconv.Atoi(strings.TrimSpace(string(last)))
		k.ended, k.code = err == nil, code
	}
	return k, true
}

// task describes a rank whose job is in the given state.
func (k rank) task(job Task) Task {
	t := Task{State: Running, PID: k.proc.PID, Host: k.proc.Host}
	switch {
	case k.ended:
		t.State, t.Ended = Done, time.Now()
		t.shellStatus(k.code)
	case job.State == Done:
		t.State, t.Ended, t.Reason = Done, job.Ended, "its job has ended: "+job.Reason
	case job.State == Unknown || job.State == Ending:
		t.State, t.Reason = job.State, job.Reason
	}
	return t
}

// ranks returns the tasks of a job that is in the given state.
func (r *Record) ranks(job Task) ([]Task, error) {
	tasks := make([]Task, 0, r.N)
	for i := r.First; i < r.First+r.N; i++ {
		k, begun, err := readRank(r.rankFile(i))
		if err != nil {
			return nil, err
		}
		t := job
		switch {
		case begun:
			t = k.task(job)
		case job.State == Running:
			t = Task{State: Pending, Reason: "starting"}
		case job.State == Done && t.Reason == "":
			t.Reason = "its job has ended"
		}
		t.Job, t.Index = r.Name, i
		tasks = append(tasks, t)
	}
	return tasks, nil
}

// ranks looks after the ranks of a launcher's jobs. It remembers how those of
// jobs ended whose files it has removed.
type ranks struct {
	mu    sync.Mutex
	ended map[string][]Task // by job id
}

// poll returns the tasks of a job that is in the given state.
func (k *ranks) poll(r *Record, job Task) ([]Task, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if tasks, ok := k.ended[r.ID]; ok {
		return slices.Clone(tasks), nil
	}
	return r.ranks(job)
}

// forget removes the files of a job that is over.
func (k *ranks) forget(r *Record, job Task) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.ended[r.ID]; ok {
		return nil
	}
	tasks, err := r.ranks(job)
	if err != nil {
		return err
	}
	if k.ended == nil {
		k.ended = make(map[string][]Task)
	}
	k.ended[r.ID] = tasks
	var errs []error
	for i := r.First; i < r.First+r.N; i++ {
		if err := os.Remove(r.rankFile(i)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// shellStatus notes how a task ended from a shell's exit status.
func (t *Task) shellStatus(code int) {
	if name, ok := signalNames[code-128]; ok {
		t.Signal, t.Reason = name, "killed by signal SIG"+string(name)
		return
	}
	t.Exit, t.Reason = &code, fmt.Sprintf("exit status %d", code)
}

// signalNames are the signals that end programs, by Linux's numbers, which batch
// systems and shells tell.
var signalNames = map[int]Signal{
	1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 6: "ABRT", 7: "BUS", 8: "FPE", 9: Kill, 11: "SEGV", 13: "PIPE", 15: Terminate, 24: "XCPU",
}
