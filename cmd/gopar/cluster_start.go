package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/config"
	"github.com/gopar-project/gopar/internal/launch"
)

// startFlags are the flags that say what to start, and where.
type startFlags struct {
	on, walltime, template string
	curve                  bool
	o                      cluster.Options
}

func (s *startFlags) define(c *cobra.Command) {
	f, o, l := c.Flags(), &s.o, &s.o.Launch
	f.StringVar(&s.on, "on", "", "where engines run: "+strings.Join(launch.Kinds(), ", ")+", or a profile of the configuration file (default: its default, or local)")
	f.IntVarP(&o.N, "engines", "n", 0, "number of engines (default: the profile's; on this machine one per core)")
	f.DurationVar(&o.Timeout, "timeout", time.Minute, "give up when not all engines are registered by then")
	f.IntVar(&o.Restarts, "restarts", 0, "how often a failing engine is started again before it is given up (default 5; -1: never)")
	f.IntVar(&o.Adapt.Min, "min", 0, "with --max: engines when there is nothing to do")
	f.IntVar(&o.Adapt.Max, "max", 0, "as many engines as there is work for, from --min to this")
	f.DurationVar(&o.Adapt.Quiet, "quiet", 0, "with --max: how long nothing must have run before there are --min engines again (default 30s)")
	f.DurationVar(&o.StopIdle, "stop-idle", 0, "stop the cluster when nothing has run for so long (default: never)")
	f.BoolVar(&s.curve, "enable-curve", false, "encrypt all connections (CURVE); see docs/security.md")
	f.StringVar(&o.Dir, "dir", "", "working directory of the engines (default: this one)")
	f.StringVar(&o.LogDir, "log-dir", "", "directory of the engines' logs, which their machines must see (default: the profile's)")
	f.StringArrayVar(&o.Env, "env", nil, "environment variable of hub and engines, NAME=value; may be repeated; not for secrets")
	f.StringArrayVar(&o.HubArgs, "hub-arg", nil, "further argument of gopar hub; may be repeated")
	f.StringArrayVar(&o.EngineArgs, "engine-arg", nil, "further argument of gopar engine; may be repeated")
	f.StringVarP(&l.Queue, "queue", "q", "", "queue or partition")
	f.StringVar(&l.Account, "account", "", "account or project that pays")
	f.StringVar(&l.QOS, "qos", "", "quality of service")
	f.StringVar(&l.Reservation, "reservation", "", "reservation")
	f.StringVar(&s.walltime, "walltime", "", "time limit of an engine: 90m, 2h30m, 1:30:00, 2-12:00:00; it is asked to end half a minute before")
	f.IntVar(&l.CPUs, "cpus", 0, "processors of an engine")
	f.StringVar(&l.Memory, "memory", "", "memory of an engine, in the system's notation: 4G")
	f.StringVar(&l.GPUs, "gpus", "", "GPUs of an engine: 1, a100:2")
	f.StringVar(&l.Mode, "mode", "", "array: engines start one by one, as there is room; allocation: all at once, in one job (default array)")
	f.IntVar(&l.Nodes, "nodes", 0, "nodes of an allocation")
	f.IntVar(&l.Throttle, "throttle", 0, "engines of an array that may run at once")
	f.StringArrayVar(&l.Directives, "directive", nil, "further directive of the job script, such as --constraint=fast; may be repeated")
	f.StringSliceVar(&l.Skip, "skip", nil, "directives that gopar is not to write, by name")
	f.StringVar(&l.Prologue, "prologue", "", "shell lines before the engine: 'module load go'")
	f.StringVar(&l.Epilogue, "epilogue", "", "shell lines after it")
	f.StringVar(&s.template, "template", "", "file of the job script; {{command}} is where the engine runs")
	f.StringSliceVar(&l.Hosts, "hosts", nil, "hosts of SSH, engines go to them in turn; host*4 counts four times")
	f.StringSliceVar(&l.Command, "command", nil, "the system's program with further arguments: ssh,-F,FILE")
	complete := func(values func() []string) cobra.CompletionFunc {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return values(), cobra.ShellCompDirectiveNoFileComp
		}
	}
	for name, values := range map[string]func() []string{
		"on": places, "mode": func() []string { return []string{launch.ModeArray, launch.ModeAllocation} },
	} {
		_ = c.RegisterFlagCompletionFunc(name, complete(values)) // best effort: it fails only for flags that are not there
	}
}

// places are what --on takes, for completion.
func places() []string {
	names := launch.Kinds()
	if file, err := loadConfig(); err == nil {
		for name := range file.Profiles {
			names = append(names, name)
		}
	}
	return names
}

func loadConfig() (*config.File, error) {
	path, err := config.Path()
	if err != nil {
		return nil, err
	}
	return config.Load(path)
}

// options returns what a command line asks for: flags, then the profile, then
// defaults.
func (s *startFlags) options(cmd *cobra.Command, f *clusterFlags) (cluster.Options, error) {
	file, err := loadConfig()
	if err != nil {
		return cluster.Options{}, err
	}
	var o cluster.Options
	if err := file.Apply(s.on, &o); err != nil {
		return cluster.Options{}, fmt.Errorf("--on: %w", err)
	}
	changed := cmd.Flags().Changed
	if s.walltime != "" {
		if s.o.Launch.Walltime, err = launch.ParseWalltime(s.walltime); err != nil {
			return cluster.Options{}, fmt.Errorf("--walltime: %w", err)
		}
	}
	if s.template != "" {
		if s.o.Launch.Template, err = config.ReadTemplate(s.template); err != nil {
			return cluster.Options{}, fmt.Errorf("--template: %w", err)
		}
	}
	l, from := &o.Launch, &s.o.Launch
	for name, set := range map[string]func(){
		"engines": func() { o.N = s.o.N }, "restarts": func() { o.Restarts = s.o.Restarts },
		"dir": func() { o.Dir = s.o.Dir }, "log-dir": func() { o.LogDir = s.o.LogDir },
		"env": func() { o.Env = append(o.Env, s.o.Env...) }, "hub-arg": func() { o.HubArgs = append(o.HubArgs, s.o.HubArgs...) },
		"engine-arg": func() { o.EngineArgs = append(o.EngineArgs, s.o.EngineArgs...) },
		"queue":      func() { l.Queue = from.Queue }, "account": func() { l.Account = from.Account }, "qos": func() { l.QOS = from.QOS },
		"reservation": func() { l.Reservation = from.Reservation }, "walltime": func() { l.Walltime = from.Walltime },
		"cpus": func() { l.CPUs = from.CPUs }, "memory": func() { l.Memory = from.Memory }, "gpus": func() { l.GPUs = from.GPUs },
		"mode": func() { l.Mode = from.Mode }, "nodes": func() { l.Nodes = from.Nodes }, "throttle": func() { l.Throttle = from.Throttle },
		"directive": func() { l.Directives = append(l.Directives, from.Directives...) }, "skip": func() { l.Skip = append(l.Skip, from.Skip...) },
		"prologue": func() { l.Prologue = from.Prologue }, "epilogue": func() { l.Epilogue = from.Epilogue },
		"template": func() { l.Template = from.Template }, "hosts": func() { l.Hosts = from.Hosts },
		"command": func() { l.Command = from.Command },
	} {
		if changed(name) {
			set()
		}
	}
	if s.curve {
		o.HubArgs = append(o.HubArgs, "--enable-curve")
	}
	o.Adapt, o.StopIdle = s.o.Adapt, s.o.StopIdle
	if o.Adapt.Max > 0 && o.Adapt.Min == 0 {
		o.Adapt.Min = 1
	}
	if changed("timeout") || o.Timeout == 0 {
		o.Timeout = s.o.Timeout
	}
	o.ID, o.Profile, o.ProfileDir = f.query.ID, f.query.Profile, f.query.ProfileDir
	return o, nil
}

func (f *clusterFlags) newRender() *cobra.Command {
	var s startFlags
	c := &cobra.Command{
		Use:   "render",
		Short: "Print what start would submit, and start nothing",
		Long: `Print the job script that gopar cluster start with the same flags would submit, or the command lines that it would run,
and start nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := s.options(cmd, f)
			if err != nil {
				return err
			}
			text, err := cluster.Render(o)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd, map[string]string{"script": text})
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
	s.define(c)
	return c
}
