package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/go-logr/stdr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gopar-project/gopar/engine"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/runner"
	"github.com/gopar-project/gopar/kernel"
)

// engineFlags are the flags of `gopar engine`: ipengine's, by its names.
type engineFlags struct {
	engine.Config
	file, clusterID, profile, profileDir, location, logLevel, slots, workDir string
	timeout, hubTimeout, fileTimeout                                         float64
	mpi, debug                                                               bool
}

// newEngineCommand returns `gopar engine`.
func newEngineCommand() *cobra.Command {
	var f engineFlags
	c := &cobra.Command{
		Use:   "engine",
		Short: "Run one engine of a cluster, in place of ipengine",
		Long: `An engine connects to the hub of a cluster and runs what clients send. It finds the hub by the engine connection file in
the profile's security directory, or by $IPP_CONNECTION_INFO. It ends when a client shuts it down, on SIGTERM, or
when the hub stays away. SIGINT interrupts what runs; two in a second end the engine. It takes ipengine's flags; those
it does not know are named in the log and ignored.`,
		DisableFlagParsing: true, // unknown flags are no error, but shall be named
	}
	f.define(c.Flags())
	c.RunE = func(c *cobra.Command, args []string) error {
		known, unknown := splitFlags(c.Flags(), args)
		if err := c.Flags().Parse(known); err != nil {
			return err
		}
		if help, err := c.Flags().GetBool("help"); err == nil && help {
			return c.Help()
		}
		return f.run(c.Context(), unknown)
	}
	return c
}

func (f *engineFlags) define(s *pflag.FlagSet) {
	s.StringVar(&f.file, "file", "", "engine connection file (default: the profile's)")
	s.StringVar(&f.clusterID, "cluster-id", "", "tells clusters of one profile apart (default $IPP_CLUSTER_ID)")
	s.StringVar(&f.profile, "profile", "", "profile whose directory holds the connection file (default \"default\", or $IPP_PROFILE_DIR)")
	s.StringVar(&f.profileDir, "profile-dir", "", "that directory itself")
	s.StringVar(&f.location, "location", "", "address of the hub's machine, in place of the file's")
	s.Float64Var(&f.timeout, "timeout", 0, "seconds to wait for the hub's answer (default 60)")
	s.Float64Var(&f.hubTimeout, "hub-timeout", 0, "seconds a hub may be gone before the engine ends; negative: for ever (default 60)")
	s.Float64Var(&f.fileTimeout, "wait-for-file", 10, "seconds to wait for the connection file")
	s.BoolVar(&f.mpi, "mpi", false, "started by mpiexec or srun: ask for the rank as id")
	s.StringVar(&f.slots, "slots", "1", "tasks that run at once; auto: one per core")
	s.StringVar(&f.workDir, "work-dir", "", "directory of the cells (default: the current one)")
	s.StringVar(&f.logLevel, "log-level", "INFO", "DEBUG, INFO, WARN, or 10, 20, 30")
	s.BoolVar(&f.debug, "debug", false, "same as --log-level=DEBUG")
}

// run serves until it is told to end.
func (f *engineFlags) run(ctx context.Context, unknown []string) error {
	level, err := verbosity(f.logLevel, f.debug)
	if err != nil {
		return err
	}
	stdr.SetVerbosity(level)
	f.Log = stdr.New(log.New(os.Stderr, "", log.LstdFlags|log.Lmicroseconds))
	if err := noSecrets(unknown); err != nil {
		return err
	}
	for _, u := range unknown {
		f.Log.Info("flag ignored", "flag", u)
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	if err := f.finish(ctx); err != nil {
		return err
	}
	if f.Exe, err = executable(); err != nil {
		return err
	}
	f.Version = version
	fewThreads(1)
	evaluator := kernel.NewEvaluator(kernel.EvaluatorConfig{Runner: runner.Config{Dir: f.workDir}, Dir: f.workDir, Patience: -1, Log: f.Log})
	f.Evaluator = evaluator
	e, err := engine.New(f.Config)
	if err == nil {
		err = proto.ForgetSecrets() // what cells run in inherits the environment
	}
	if err == nil {
		interrupted := make(chan struct{})
		ctx, cancel := context.WithCancel(ctx)
		go func() { defer close(interrupted); interrupts(ctx, e, cancel) }()
		err = e.Serve(ctx)
		cancel()
		<-interrupted
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second) // longer than an interrupt takes
	defer cancel()
	return errors.Join(err, evaluator.Close(closing))
}

// interrupts passes SIGINT on to what runs; two in a second call stop. It returns when ctx ends.
func interrupts(ctx context.Context, e *engine.Engine, stop context.CancelFunc) {
	signals := make(chan os.Signal, 2) // a second one must not be lost
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	var last time.Time
	for {
		select {
		case <-signals:
			if time.Since(last) < time.Second {
				stop()
			}
			last = time.Now()
			e.Interrupt()
		case <-ctx.Done():
			return
		}
	}
}

// finish turns the flags that are not the configuration's own into it.
func (f *engineFlags) finish(ctx context.Context) (err error) {
	f.Timeout = time.Duration(f.timeout * float64(time.Second))
	f.HubTimeout = time.Duration(f.hubTimeout * float64(time.Second))
	if f.slots == "auto" {
		f.Slots = -1
	} else if f.Slots, err = strconv.Atoi(f.slots); err != nil || f.Slots < 1 {
		return fmt.Errorf("--slots=%s: want a positive number or auto", f.slots)
	}
	if rank, ok := mpiRank(f.mpi); ok {
		f.ID = &rank
	} else if f.mpi {
		f.Log.Info("started with --mpi, but nothing tells the rank")
	}
	f.Hub, err = f.connection(ctx)
	if err == nil && f.location != "" {
		f.Hub.Location = f.location
	}
	return err
}

// connection finds the hub: by --file, $IPP_CONNECTION_INFO, or the profile's file, for which it waits.
func (f *engineFlags) connection(ctx context.Context) (*proto.EngineInfo, error) {
	path := f.file
	if path == "" {
		if text := os.Getenv(proto.EnvConnectionInfo); text != "" {
			return proto.ParseEngineInfo([]byte(text))
		}
		dir, err := proto.ProfileDir(f.profileDir, f.profile)
		if err != nil {
			return nil, err
		}
		path = proto.EngineFile(dir, proto.ClusterID(f.clusterID))
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(f.fileTimeout*float64(time.Second)))
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		info, err := proto.ReadEngineInfo(path)
		if !errors.Is(err, proto.ErrNoFile) {
			tick.Stop()
			return info, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return nil, fmt.Errorf("%w; start a hub first: gopar hub, or a cluster: gopar cluster start -n 4", err)
		}
	}
}

// mpiRank is the number of this process among those that mpiexec or srun started.
func mpiRank(mpi bool) (int, bool) {
	if !mpi {
		return 0, false
	}
	for _, name := range []string{"PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID"} {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n >= 0 {
			return n, true
		}
	}
	return 0, false
}
