package main

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/stdr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gopar-project/gopar/hub"
	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/sched"
)

// hubFlags are the flags of `gopar hub`: ipcontroller's, by its names.
type hubFlags struct {
	hub.Config
	profile, scheme, logLevel, ports string
	port, ping, hwm                  int
	debug, sqlite, dict              bool
	memory, bytes                    int64 // MiB
	ignored                          map[string]*bool
}

// newHubCommand returns `gopar hub`.
func newHubCommand() *cobra.Command {
	var f hubFlags
	c := &cobra.Command{
		Use:   "hub",
		Short: "Run the hub of a cluster, in place of ipcontroller",
		Long: `The hub is the one process that the clients and engines of a cluster connect to. It writes
ipcontroller-client.json and ipcontroller-engine.json to the profile's security directory, and removes
them when it ends (SIGTERM, SIGINT). It takes ipcontroller's flags; those it does not know are named in
the log and ignored.`,
		DisableFlagParsing: true, // unknown flags are no error, but shall be named
	}
	f.define(c.Flags())
	c.AddCommand(newHubStatus())
	c.RunE = func(c *cobra.Command, args []string) error {
		known, unknown := splitFlags(c.Flags(), args)
		if err := c.Flags().Parse(known); err != nil {
			return err
		}
		if help, err := c.Flags().GetBool("help"); err == nil && help {
			return c.Help()
		}
		return f.run(c, unknown)
	}
	return c
}

func (f *hubFlags) define(s *pflag.FlagSet) {
	s.StringVar(&f.profile, "profile", "", "profile whose directory holds the connection files (default \"default\", or $IPP_PROFILE_DIR)")
	s.StringVar(&f.ProfileDir, "profile-dir", "", "that directory itself")
	s.StringVar(&f.ClusterID, "cluster-id", "", "tells clusters of one profile apart (default $IPP_CLUSTER_ID)")
	s.StringVar(&f.IP, "ip", "", "address to listen on, * for all (default 127.0.0.1)")
	s.StringVar(&f.Location, "location", "", "this machine's address as engines and clients see it")
	s.StringVar(&f.ports, "ports", "", "ports to use: 5000-5020,6000")
	s.IntVar(&f.port, "port", 0, "port of registration and queries")
	s.StringVar(&f.SSH, "ssh", "", "user@host of the tunnel for clients")
	s.StringVar(&f.EngineSSH, "enginessh", "", "user@host of the tunnel for engines")
	s.IntVar(&f.ping, "ping", 0, "milliseconds between heartbeats (default 3000)")
	s.StringVar(&f.scheme, "scheme", "leastload", "task scheme: leastload lru plainrandom twobin weighted")
	s.IntVar(&f.hwm, "hwm", -1, "tasks an engine holds at most; 0 is no limit (default: as suits their duration)")
	s.BoolVar(&f.EnableCurve, "enable-curve", os.Getenv(proto.EnvEnableCurve) == "1", "encrypt all connections (default: $IPP_ENABLE_CURVE is 1)")
	s.StringVar(&f.Allowed, "allowed-keys", "", "file of the public keys of the only clients and engines to admit, one to a line; with --enable-curve")
	s.BoolVar(&f.NoKey, "no-key", false, "sign no messages; only on loopback or with --enable-curve")
	s.BoolVar(&f.Reuse, "reuse", false, "use the ports and keys of the connection files, and leave them behind")
	s.BoolVar(&f.NoStore, "nodb", false, "keep nothing of finished tasks")
	s.StringVar(&f.Store, "store", os.Getenv("GOPAR_STORE"), "where finished tasks are kept: memory, sqlite:PATH, postgres://user@host/db, none (default memory, or $GOPAR_STORE)")
	s.Int64Var(&f.memory, "store-memory", 0, "MiB of finished tasks in memory; more go to disk (default 256)")
	s.Int64Var(&f.bytes, "store-bytes", 0, "MiB of finished tasks in all (default 4096)")
	s.IntVar(&f.Budget.Count, "store-count", 0, "finished tasks in all (default 100000, in a database 10000000)")
	s.BoolVar(&f.Restore, "restore", false, "go on where an earlier hub ended or was killed: its engines, queued tasks and results; implies --reuse")
	s.StringVar(&f.Journal, "journal", "", "folder of what --restore needs; none: keep nothing (default: hub-ID.journal in the profile's log folder)")
	s.BoolVar(&f.sqlite, "sqlitedb", false, "same as --store=sqlite:tasks.db, in the profile's directory")
	s.BoolVar(&f.dict, "dictdb", false, "same as --store=memory")
	s.StringVar(&f.logLevel, "log-level", "INFO", "DEBUG, INFO, WARN, or 10, 20, 30")
	s.StringVar(&f.Metrics, "metrics", "", "address of this machine for Prometheus's metrics and pprof, like 127.0.0.1:9090; port 0 is any")
	s.BoolVar(&f.Validate, "validate", false, "check the scheduler's invariants after every event (slow)")
	s.BoolVar(&f.debug, "debug", false, "same as --log-level=DEBUG")
	f.ignored = map[string]*bool{}
	for name, why := range map[string]string{
		"mongodb":    "there is no such store; see --store",
		"usethreads": "the hub is one process", "log-to-file": "the log goes to stderr",
	} {
		f.ignored[name+": "+why] = s.Bool(name, false, "accepted, but "+why)
	}
}

// run serves until SIGTERM, SIGINT, or a client's shutdown.
func (f *hubFlags) run(c *cobra.Command, unknown []string) error {
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
	for why, given := range f.ignored {
		if *given {
			f.Log.Info("flag ignored", "flag", why)
		}
	}
	if err := f.finish(); err != nil {
		return err
	}
	fewThreads(2)
	h, err := hub.New(f.Config)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	return h.Serve(ctx)
}

// finish turns the flags that are not the configuration's own into it.
func (f *hubFlags) finish() (err error) {
	if f.ProfileDir == "" && f.profile != "" {
		if f.ProfileDir, err = proto.ProfileDir("", f.profile); err != nil {
			return err
		}
	}
	f.Budget.Memory, f.Budget.Bytes = f.memory<<20, f.bytes<<20
	switch {
	case f.dict:
		f.Store = "memory"
	case f.sqlite:
		dir, err := proto.ProfileDir(f.ProfileDir, "")
		if err != nil {
			return err
		}
		f.Store = "sqlite:" + filepath.Join(dir, "tasks.db")
	}
	if f.Scheme, err = sched.ParseScheme(f.scheme); err != nil {
		return err
	}
	switch {
	case f.hwm == 0:
		f.HWM = sched.Unlimited
	case f.hwm > 0:
		f.HWM = f.hwm
	}
	f.Ping = time.Duration(f.ping) * time.Millisecond
	if f.Ports, err = parsePorts(f.ports); err != nil {
		return err
	}
	if f.port != 0 {
		f.Config.RegistrationPort = f.port
	}
	return nil
}

// aliases are ipcontroller's long names of flags.
var aliases = map[string]string{
	"HeartMonitor.period": "ping", "TaskScheduler.hwm": "hwm", "TaskScheduler.scheme_name": "scheme",
	"IPController.ip": "ip", "IPController.location": "location", "IPController.reuse_files": "reuse",
	"IPController.cluster_id": "cluster-id", "IPController.ssh_server": "ssh", "IPController.engine_ssh_server": "enginessh",
	"IPController.ports": "ports", "IPController.log_level": "log-level", "ProfileDir.location": "profile-dir",
	"IPController.enable_curve": "enable-curve",
}

// splitFlags separates the flags that s has from those it does not.
func splitFlags(s *pflag.FlagSet, args []string) (known, unknown []string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		name, value, hasValue := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		if alias, ok := aliases[name]; ok {
			name = alias
		}
		flag := s.Lookup(name)
		if a == "-h" || a == "--help" {
			known = append(known, "--help")
			continue
		}
		if !strings.HasPrefix(a, "--") || flag == nil {
			unknown = append(unknown, a)
			if !hasValue && strings.HasPrefix(a, "--") && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++ // its value
			}
			continue
		}
		switch {
		case hasValue:
			known = append(known, "--"+name+"="+value)
		case flag.NoOptDefVal == "" && i+1 < len(args):
			i++
			known = append(known, "--"+name+"="+args[i])
		default:
			known = append(known, "--"+name)
		}
	}
	return known, unknown
}

// noSecrets refuses ipyparallel's flags that carry a key: every user of the machine can read a process's arguments.
func noSecrets(args []string) error {
	for _, a := range args {
		name, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		switch last := name[strings.LastIndexByte(name, '.')+1:]; last {
		case "curve_secretkey":
			return fmt.Errorf("--%s: a secret key does not belong on a command line, which others can read; set $%s instead", name, proto.EnvCurveSecretKey)
		case "key", "keyfile":
			return fmt.Errorf("--%s: a key does not belong on a command line, which others can read; the hub makes its own and writes it to the connection files", name)
		}
	}
	return nil
}

// verbosity turns a Python log level into logr's.
func verbosity(level string, debug bool) (int, error) {
	names := map[string]int{"DEBUG": 10, "INFO": 20, "WARN": 30, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
	n, ok := names[strings.ToUpper(level)]
	if !ok {
		var err error
		if n, err = strconv.Atoi(level); err != nil {
			return 0, fmt.Errorf("--log-level=%s: want DEBUG, INFO, WARN, ERROR or a number", level)
		}
	}
	switch {
	case n <= 5:
		return 2, nil
	case n <= 10 || debug:
		return 1, nil
	case n <= 20:
		return 0, nil
	}
	return -1, nil
}

// parsePorts reads "5000-5020,6000".
func parsePorts(s string) ([]int, error) {
	var ports []int
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		lo, hi, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(lo)
		last := first
		if err == nil && isRange {
			last, err = strconv.Atoi(hi)
		}
		if err != nil || first < 1 || last > 65535 || last < first {
			return nil, fmt.Errorf("--ports: %q is no port or range of ports", part)
		}
		for p := first; p <= last; p++ {
			ports = append(ports, p)
		}
	}
	return ports, nil
}
