package parallel

import (
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/config"
	"github.com/gopar-project/gopar/internal/launch"
)

// On says where Start starts the engines: the name of a system ("local", "slurm"), or of a profile of the configuration file
// (gopar config). The hub runs on this machine. Engines that still wait in a batch system's queue when Timeout is over are no
// error: they join the cluster when there is room. Default: the configuration file's default profile, or this machine.
func On(name string) Option { return func(o *options) { o.on = name } }

// JobOptions say how a system is to run engines. They win over the profile's. An option that the system does not know is an
// error of Start.
type JobOptions struct {
	Queue       string        // or partition
	Account     string        // that pays
	QOS         string        // quality of service
	Reservation string        //
	Walltime    time.Duration // of an engine; it is asked to end half a minute before
	CPUs        int           // of an engine
	Memory      string        // of an engine, in the system's notation: "4G"
	GPUs        string        // of an engine: "1", "a100:2"
	Mode        string        // "array": engines start one by one; "allocation": all at once. Default: "array"
	Nodes       int           // of an allocation
	Throttle    int           // engines of an array that may run at once
	Directives  []string      // further directives of the job script: "--constraint=fast"
	Skip        []string      // directives that are not to be written, by name
	Prologue    string        // shell lines before the engine: "module load go"
	Epilogue    string        // shell lines after it
	Template    string        // text of the job script; {{command}} is where the engine runs
	Hosts       []string      // of SSH
	Command     []string      // the system's program with further arguments
}

// Job says how the system that On names is to run the engines.
func Job(j JobOptions) Option { return func(o *options) { o.job = j } }

// Adapt makes the cluster have as many engines as there are tasks, from least, which is at least 1, to most. When nothing has run
// for quiet (0: 30 s) there are least engines again.
func Adapt(least, most int, quiet time.Duration) Option {
	return func(o *options) { o.adapt = cluster.Adapt{Min: least, Max: most, Quiet: quiet} }
}

// StopIdle makes the cluster end by itself when nothing has run for d. Default: never.
func StopIdle(d time.Duration) Option { return func(o *options) { o.stopIdle = d } }

// place makes what is to be started from the configuration file and the options.
func (o *options) place() (cluster.Options, error) {
	path, err := config.Path()
	if err != nil {
		return cluster.Options{}, err
	}
	file, err := config.Load(path)
	if err != nil {
		return cluster.Options{}, err
	}
	var c cluster.Options
	if err := file.Apply(o.on, &c); err != nil {
		return cluster.Options{}, fmt.Errorf("parallel.On: %w", err)
	}
	c.Launch = c.Launch.With(launch.Options(o.job))
	if o.n != 0 {
		c.N = o.n
	}
	if o.restarts != 0 {
		c.Restarts = o.restarts
	}
	if o.timeout == 0 {
		o.timeout = c.Timeout
	}
	if o.timeout == 0 {
		o.timeout = startTime
	}
	c.ID, c.Profile, c.ProfileDir, c.Exe = o.clusterID, o.profile, o.profileDir, o.exe
	c.HubArgs, c.EngineArgs = append(c.HubArgs, o.hubArgs...), append(c.EngineArgs, o.engineArgs...)
	c.Timeout, c.Log = o.timeout, o.log
	c.Adapt, c.StopIdle = o.adapt, o.stopIdle
	return c, nil
}
