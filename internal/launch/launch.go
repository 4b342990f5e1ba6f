// Package launch runs the processes of a cluster on whatever a site has: this
// machine, other hosts, a batch system. One Launcher stands for one such
// system; package cluster decides what runs, a launcher how.
//
// The interface is shaped by what real systems do. A job is a number of equal
// tasks that start together or one by one, at once or after hours in a queue.
// Truth comes from polling: one query answers for all jobs of a launcher, and
// "the system did not answer" (Unknown) is never taken for "the task is dead".
// The result of a cancel command proves nothing, so Stop verifies by Poll.
// Everything needed to find a job again is in its Record, which any later
// process may hand back.
//
// It does not know hubs, engines or connection files, and carries no secrets:
// arguments and environment of a job are visible to other users on most
// systems.
package launch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Launcher runs jobs on one system. Methods may be called concurrently; every
// one of them returns when ctx ends, also if the system hangs.
type Launcher interface {
	// Traits says what the system is like. It does not block.
	Traits() Traits

	// Render returns what Start would submit: a script, or command lines.
	Render(j Job) (string, error)

	// Start submits the job and returns when the system has taken it; its
	// tasks may still be waiting. On an error nothing of the job is left.
	Start(ctx context.Context, j Job) (*Record, error)

	// Poll returns the tasks of all the jobs, in the order of recs and
	// indexes, from one query. An error means that the system did not answer:
	// nothing is known about any of them. A job that the system has forgotten
	// is Done.
	Poll(ctx context.Context, recs ...*Record) ([]Task, error)

	// Signal sends s to the given tasks of a job, to all of them if none are
	// given. Tasks that are gone are no error. Kill takes everything a task
	// left behind with it and, of a job that is over, the launcher's own files.
	Signal(ctx context.Context, rec *Record, s Signal, tasks ...int) error

	// Tail returns up to n last lines of a task's output, oldest first.
	Tail(ctx context.Context, rec *Record, task, n int) ([]string, error)

	// Close ends the launcher's own goroutines. Jobs run on.
	Close() error
}

// Traits are the properties of a system that its users must know.
type Traits struct {
	Kind      string          // "local", "slurm", …: the Launcher field of its records, and ipyparallel's class name
	Apart     bool            // no files are shared with the tasks' machines: what tasks need has to be in Args, Env and Secrets
	Elsewhere bool            // tasks may run on other machines, and reach this one by the network
	PollEvery time.Duration   // how often Poll should be called while waiting
	Changed   <-chan struct{} // receives when a Poll would tell something new; nil if only polling finds out
}

// Job is what to run: N times the same program.
type Job struct {
	Name    string   // unique among living jobs of the user: the system's job name and the stem of log files
	Exe     string   // absolute path of the program
	Args    []string // arguments without the program
	Env     []string // "NAME=value", added to the environment the system gives
	Secrets []string // "NAME=value", likewise, that nobody else may see; only launchers whose Traits say Apart take some
	Reach   []int    // ports of 127.0.0.1 that the tasks must reach; see ReachMark; only launchers that are Apart know it
	Dir     string   // working directory; "" is the system's default
	LogDir  string   // absolute directory of the log files; must exist
	NewLogs bool     // what earlier jobs of the name have logged on other machines may go
	First   int      // index of the first task; a restarted task keeps its index
	N       int      // number of tasks, at least 1
}

// LogFile returns the path of the file that a task's stdout and stderr go to.
func (j *Job) LogFile(task int) string { return logFile(j.LogDir, j.Name, task) }

func logFile(dir, name string, task int) string {
	return filepath.Join(dir, fmt.Sprintf("%s-%d.log", name, task))
}

func (j *Job) check() error {
	switch {
	case j.Name == "":
		return fmt.Errorf("launch: the job has no name")
	case j.N < 1:
		return fmt.Errorf("launch %s: %d tasks", j.Name, j.N)
	case !filepath.IsAbs(j.Exe):
		return fmt.Errorf("launch %s: program %q is no absolute path", j.Name, j.Exe)
	case !filepath.IsAbs(j.LogDir):
		return fmt.Errorf("launch %s: log directory %q is no absolute path", j.Name, j.LogDir)
	}
	return nil
}

// Record is a job that was started, as it is kept in files: enough for another
// process to poll, signal and stop it, and to be sure that it is the same job.
type Record struct {
	Launcher  string    `json:"launcher"` // kind of the launcher that started it
	ID        string    `json:"id"`       // the system's id, whole ("0[].pbs1"); locally a random mark
	Name      string    `json:"name"`     // the job's name; ids wrap around, so both are compared
	First     int       `json:"first"`
	N         int       `json:"n"`
	LogDir    string    `json:"log_dir"`
	Submitted time.Time `json:"submitted"`
	Mark      string    `json:"mark,omitempty"`    // random, of launchers whose tasks leave files that name it
	Command   []string  `json:"command,omitempty"` // that reaches the hosts: "ssh" and its arguments
	Parts     []Part    `json:"parts,omitempty"`   // by index, of launchers whose tasks are jobs of other machines
	Tunnels   []*Record `json:"tunnels,omitempty"` // jobs of this machine
	Place     string    `json:"place,omitempty"`   // of a tunnel: the host it leads to
	Procs     []Proc    `json:"procs,omitempty"`   // processes, by index, of launchers that start them directly
}

// Part is a task that is a job of another machine.
type Part struct {
	Host string  `json:"host"`          // how it is reached
	Exe  string  `json:"exe,omitempty"` // path of the program there
	Job  *Record `json:"job,omitempty"` // there; nil if it was not started
}

// LogFile returns the path of the file that a task's stdout and stderr go to, on
// the task's machine.
func (r *Record) LogFile(task int) string {
	if k := task - r.First; k >= 0 && k < len(r.Parts) && r.Parts[k].Job != nil {
		return r.Parts[k].Job.LogFile(task)
	}
	return logFile(r.LogDir, r.Name, task)
}

// jobLog is what a job of several ranks itself says.
func (r *Record) jobLog() string { return filepath.Join(r.LogDir, r.Name+"-job.log") }

// createLogs makes the log files that are not there yet, readable by nobody
// else: batch systems would make them as the user's umask says.
func (r *Record) createLogs() error {
	paths := make([]string, 0, r.N)
	for i := r.First; i < r.First+r.N; i++ {
		paths = append(paths, r.LogFile(i))
	}
	if r.Mark != "" {
		paths = append(paths, r.jobLog())
	}
	for _, p := range paths {
		f, err := os.OpenFile(p, os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("log file of %s: %w", r.Name, err)
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Signal is what can be sent to a task: the name of a Unix signal without SIG.
// Systems that know no signals understand Terminate and Kill.
type Signal string

// The signals that every launcher understands.
const (
	Terminate Signal = "TERM" // asks the task to end
	Kill      Signal = "KILL" // ends it and everything it started
)
