package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

// EngineSet is engines of one kind within a cluster.
type EngineSet struct {
	Name       string         `json:"name"`                  // to scale it by. Default: On
	On         string         `json:"on"`                    // the system that runs them: "local", "slurm", … Default: "local"
	N          int            `json:"n"`                     // engines
	Launch     launch.Options `json:"launch"`                // how that system is to run them
	EngineArgs []string       `json:"engine_args,omitempty"` // further arguments of gopar engine
	Env        []string       `json:"env,omitempty"`         // further environment of these engines, "NAME=value"; no secrets, others may see it
	Dir        string         `json:"dir,omitempty"`         // working directory of the engines. Default: the caller's
	LogDir     string         `json:"log_dir,omitempty"`     // directory of the engines' logs. Default: the profile's
}

// finish fills in defaults and refuses what cannot work.
func (e *EngineSet) finish() error {
	if e.On == "" {
		e.On = "local"
	}
	if e.Name == "" {
		e.Name = e.On
	}
	wrong := func(err error) error { return fmt.Errorf("engines %s: %w", e.Name, err) }
	if e.N < 0 || e.N > maxScale {
		return wrong(fmt.Errorf("%d engines: want 0 to %d", e.N, maxScale))
	}
	l, err := launch.New(e.On, e.Launch, logr.Discard())
	if err != nil {
		return wrong(err)
	}
	if err := l.Close(); err != nil {
		return wrong(err)
	}
	if e.On == "ssh" {
		return checkEnv(e.Env) // directories are of other machines
	}
	if e.Dir, err = directory(e.Dir); err != nil {
		return wrong(fmt.Errorf("working directory: %w", err))
	}
	if e.LogDir != "" {
		if e.LogDir, err = directory(e.LogDir); err != nil {
			return wrong(fmt.Errorf("directory of the logs: %w", err))
		}
	}
	return checkEnv(e.Env)
}

// directory returns the absolute path of a directory, "" being this one.
func directory(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no directory", dir)
	}
	return dir, err
}

func checkEnv(env []string) error {
	for _, kv := range env {
		if name, _, ok := strings.Cut(kv, "="); !ok || name == "" {
			return fmt.Errorf("environment variable %q: want NAME=value", kv)
		}
	}
	return nil
}

// sets returns the engine sets that o asks for, the first one made of N, On and
// Launch.
func (o *Options) sets() ([]EngineSet, error) {
	all := append([]EngineSet{{
		On: o.On, N: o.N, Launch: o.Launch, EngineArgs: o.EngineArgs, Dir: o.Dir, LogDir: o.LogDir,
	}}, o.Sets...)
	names := make(map[string]bool)
	for i := range all {
		if err := all[i].finish(); err != nil {
			return nil, err
		}
		if names[all[i].Name] {
			return nil, fmt.Errorf("two sets of engines named %s: give them names", all[i].Name)
		}
		names[all[i].Name] = true
	}
	return all, nil
}

// Render returns what Start would submit for each set of engines, under a line
// that names it: scripts of batch systems, command lines of others. It starts
// nothing.
func Render(o Options) (string, error) {
	sp, err := o.spec()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i := range sp.Sets {
		set := &sp.Sets[i]
		l, err := launch.New(set.On, set.Launch, o.Log)
		if err != nil {
			return "", err
		}
		first := 0
		for _, before := range sp.Sets[:i] {
			first += before.N
		}
		if set.N == 0 {
			continue
		}
		script, err := l.Render(sp.engineJob(i, first, set.N))
		if cerr := l.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return "", fmt.Errorf("engines %s: %w", set.Name, err)
		}
		if len(sp.Sets) > 1 {
			fmt.Fprintf(&b, "### %s\n", set.Name)
		}
		b.WriteString(script)
	}
	return b.String(), nil
}

// engineJob is the job of n engines of a set, with indexes from first.
func (s *spec) engineJob(set, first, n int) launch.Job {
	e := &s.Sets[set]
	p := place{profileDir: s.ProfileDir, id: s.ID}
	j := s.job(launch.Job{
		Name: p.jobName(fmt.Sprintf("engines-%d", set+1)), Dir: e.Dir, First: first, N: n, LogDir: e.LogDir,
		Args: append([]string{
			"engine", "--file=" + proto.EngineFile(s.ProfileDir, s.ID),
			fmt.Sprintf("--wait-for-file=%d", int(s.Timeout/time.Second)+1),
		}, e.EngineArgs...),
	})
	if e.On == "ssh" {
		j.Args = append([]string{"engine"}, e.EngineArgs...) // the connection comes by its environment
	}
	if share := s.memoryShare(e); share != "" {
		j.Env = append(j.Env, share)
	}
	j.Env = append(j.Env, e.Env...)
	return j
}

// job completes a job of gopar's binary.
func (s *spec) job(j launch.Job) launch.Job {
	j.Exe = s.Exe
	if j.LogDir == "" {
		j.LogDir = proto.LogDir(s.ProfileDir)
	}
	j.Env = append([]string{proto.EnvProfileDir + "=" + s.ProfileDir, proto.EnvClusterID + "=" + s.ID}, s.Env...)
	return j
}

// memoryEnv limits the memory of an engine's cells; package runner reads it.
const memoryEnv = "GOPAR_MEMORY_LIMIT"

// memoryShare returns the variable that gives each of several engines on this
// machine its part of the memory that one alone would have; "" if there is only
// one, or somebody has said what they may have.
func (s *spec) memoryShare(e *EngineSet) string {
	local := 0
	for _, set := range s.Sets {
		if set.On == "local" {
			local += set.N
		}
	}
	said := func(kv string) bool { return strings.HasPrefix(kv, memoryEnv+"=") }
	if e.On != "local" || local < 2 || os.Getenv(memoryEnv) != "" || slices.ContainsFunc(s.Env, said) || slices.ContainsFunc(e.Env, said) {
		return ""
	}
	return fmt.Sprintf("%s=%.2f%%", memoryEnv, max(1, 80/float64(local)))
}

// hubArgs returns the arguments of the hub. It listens beyond this machine if
// engines come from elsewhere, and nothing else was said.
func (s *spec) hubArgs(open bool) []string {
	args := append([]string{"hub", "--profile-dir=" + s.ProfileDir, "--cluster-id=" + s.ID}, s.HubArgs...)
	said := slices.ContainsFunc(s.HubArgs, func(a string) bool {
		return a == "--ip" || strings.HasPrefix(a, "--ip=") || strings.HasPrefix(a, "--IPController.ip=")
	})
	if open && !said {
		args = append(args, "--ip=*")
	}
	return args
}
