package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/go-logr/stdr"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gopar-project/gopar/internal/cluster"
)

// Exit codes of gopar cluster beyond 0 and 1; they are ipcluster's.
const (
	exitAlreadyRunning = 10 // start: the cluster runs
	exitNotRunning     = 11 // stop: there is nothing to stop
	exitNoCluster      = 12 // the others: there is no such cluster
)

// exitError is an error with an exit code of its own.
type exitError struct {
	error
	code int
}

// ExitCode returns the exit code of the process that ends with this error.
func (e exitError) ExitCode() int { return e.code }

// Unwrap returns the error without its exit code.
func (e exitError) Unwrap() error { return e.error }

// withCode gives err an exit code if it is target.
func withCode(err, target error, code int) error {
	if errors.Is(err, target) {
		return exitError{err, code}
	}
	return err
}

// clusterFlags are the flags that all commands on clusters share.
type clusterFlags struct {
	query cluster.Query
	json  bool

	bundle bool // tables as MIME bundles
}

// newClusterCommand returns `gopar cluster`: start, stop and look at clusters.
func newClusterCommand() *cobra.Command {
	f := new(clusterFlags)
	c := &cobra.Command{
		Use:   "cluster",
		Short: "Start, stop and look at clusters of engines",
		Long: `Start, stop and look at clusters: a hub and its engines, which run until they are stopped.

Without --id, start works on the default cluster of the profile; the others work on the default cluster too or, if that
is not running, on the only one that is.

Exit status: 0 done; 1 it failed, and standard error says why; 10 start: the cluster is running already; 11 stop: it is
not running; 12 the others, list and clean excepted: there is no such cluster.`,
		Example: `  gopar cluster start -n 4
  gopar cluster start -n 8 --id demo
  gopar cluster start -n 16 --on slurm --queue compute --walltime 2:00:00
  gopar cluster status
  gopar cluster scale 6
  gopar cluster restart demo --engine 3
  gopar cluster stop demo
  gopar cluster list --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := c.PersistentFlags()
	f.which(flags)
	flags.BoolVar(&f.bundle, "bundle", false, "print tables as a notebook shows them")
	if err := flags.MarkHidden("bundle"); err != nil { // %cluster's own way to ask
		c.PersistentPreRunE = func(*cobra.Command, []string) error { return err }
	}
	c.AddCommand(f.newStart(), f.newRender(), f.newList(), f.newStatus(), f.newStop(), f.newLogs(), f.newEngines(),
		f.newScale(), f.newRestart(), f.newSignal(), f.newClean(), newSuperviseCommand())
	return c
}

func (f *clusterFlags) newStart() *cobra.Command {
	var s startFlags
	c := &cobra.Command{
		Use:   "start",
		Short: "Start a hub, and engines here or on another system",
		Long: `Start a hub on this machine, and engines here or where --on says, and return when all engines are registered. They run
until gopar cluster stop; closing the terminal does not end them. If anything fails, everything is stopped again and the
last log lines are shown. Engines that still wait in a batch system's queue at the end of --timeout are no failure: they
come when there is room.

--on takes the name of a system or of a profile of the configuration file (gopar config). Flags win over the profile.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := s.options(cmd, f)
			if err != nil {
				return err
			}
			return f.start(cmd, o)
		},
	}
	s.define(c)
	return c
}

func (f *clusterFlags) start(cmd *cobra.Command, o cluster.Options) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	show := progressLine{w: cmd.ErrOrStderr(), on: !f.json && term.IsTerminal(int(os.Stderr.Fd()))}
	o.Progress = show.update
	began := time.Now()
	c, err := cluster.Start(ctx, o)
	show.clear()
	if err != nil {
		return withCode(err, cluster.ErrRunning, exitAlreadyRunning)
	}
	st, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd, st)
	}
	stopLine := "gopar cluster stop"
	if c.ID() != "" {
		stopLine += " " + c.ID()
	}
	ready := engineCount(len(st.Registered))
	if len(st.Registered) < st.Want {
		ready = strings.Replace(st.Progress(), " are registered", "", 1)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s runs: %s ready in %.2f s\n  connection file  %s\n  logs             %s\n  stop it          %s\n",
		title(st), ready, time.Since(began).Seconds(), st.ConnectionFile, st.LogDir, stopLine)
	return err
}

func engineCount(n int) string {
	if n == 1 {
		return "1 engine"
	}
	return strconv.Itoa(n) + " engines"
}

// title names a cluster at the start of a sentence.
func title(st cluster.Status) string {
	if st.ID == "" {
		return "The default cluster of " + profileName(st.ProfileDir)
	}
	return fmt.Sprintf("Cluster %s of %s", st.ID, profileName(st.ProfileDir))
}

// profileName returns the profile's name, or its directory if that is not named
// like a profile's.
func profileName(dir string) string {
	if name, ok := strings.CutPrefix(filepath.Base(dir), "profile_"); ok {
		return "profile " + name
	}
	return dir
}

// progressLine is one line of a terminal that says how far a start is.
type progressLine struct {
	w  io.Writer
	on bool
}

func (p progressLine) update(st cluster.Status) {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K", st.Progress())
	}
}

func (p progressLine) clear() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func (f *clusterFlags) newList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the running clusters of all profiles",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			clusters, err := cluster.List(cmd.Context())
			if err != nil {
				return err
			}
			all := []cluster.Status{}
			for _, c := range clusters {
				st, err := c.Status(cmd.Context())
				if errors.Is(err, cluster.ErrNotFound) {
					continue // it has ended meanwhile
				}
				if err != nil {
					return err
				}
				all = append(all, st)
			}
			if f.json {
				return printJSON(cmd, all)
			}
			if len(all) == 0 && f.bundle {
				return printTable(cmd, [][]string{{"No clusters. Start one with: %cluster start -n 4"}})
			}
			if len(all) == 0 {
				_, err := fmt.Fprintln(cmd.ErrOrStderr(), cluster.ErrNotFound)
				return err
			}
			rows := [][]string{{"PROFILE", "ID", "STATE", "ENGINES", "STARTED"}}
			for _, st := range all {
				started := "-"
				if !st.Started.IsZero() {
					started = st.Started.Local().Format("2006-01-02 15:04:05")
				}
				rows = append(rows, []string{
					strings.TrimPrefix(profileName(st.ProfileDir), "profile "), orDash(st.ID), string(st.State),
					strconv.Itoa(len(st.Registered)), started,
				})
			}
			return printTable(cmd, rows)
		},
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// find returns the cluster that the flags and an optional argument name.
func (f *clusterFlags) find(ctx context.Context, args []string) (*cluster.Cluster, error) {
	q := f.query
	if len(args) == 1 {
		if q.ID != "" && q.ID != args[0] {
			return nil, fmt.Errorf("two cluster ids: %q and %q", q.ID, args[0])
		}
		q.ID = args[0]
	}
	return cluster.Find(ctx, q)
}

func (f *clusterFlags) newStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status [ID]",
		Short: "Show what a cluster is doing, and what is wrong with it",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := f.status(cmd, args)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd, st)
			}
			rows := [][]string{
				{title(st) + ": " + string(st.State)},
				{"  engines", fmt.Sprintf("%d registered", len(st.Registered)) + wanted(st)},
				{"  connection file", st.ConnectionFile},
				{"  logs", st.LogDir},
			}
			if st.Problem != "" {
				rows = slices.Insert(rows, 1, []string{"  problem", st.Problem})
			}
			for _, p := range []struct {
				name string
				*cluster.Process
			}{{"  hub", st.Hub}, {"  supervisor", st.Supervisor}} {
				if p.Process != nil {
					rows = append(rows, []string{p.name, processLine(*p.Process)})
				}
			}
			for _, e := range st.Engines {
				rows = append(rows, []string{fmt.Sprintf("  engine process %d", e.Index), processLine(e)})
			}
			return printTable(cmd, rows)
		},
	}
}

func (f *clusterFlags) status(cmd *cobra.Command, args []string) (cluster.Status, error) {
	c, err := f.find(cmd.Context(), args)
	if err != nil {
		return cluster.Status{}, withCode(err, cluster.ErrNotFound, exitNoCluster)
	}
	st, err := c.Status(cmd.Context())
	return st, withCode(err, cluster.ErrNotFound, exitNoCluster)
}

func wanted(st cluster.Status) string {
	if st.Want == 0 {
		return ""
	}
	return fmt.Sprintf(" of %d", st.Want)
}

func processLine(p cluster.Process) string {
	s := fmt.Sprintf("%d %v", p.PID, p.State)
	if n := notes(p); n != "" {
		s += " (" + n + ")"
	}
	return s
}

// notes says what is worth knowing of a process beside its state.
func notes(p cluster.Process) string {
	var n []string
	if p.Reason != "" {
		n = append(n, p.Reason)
	}
	if p.Leaving {
		n = append(n, "to end")
	}
	if p.GaveUp {
		n = append(n, fmt.Sprintf("given up after %d failures", p.Failures))
	}
	if !p.Next.IsZero() {
		n = append(n, fmt.Sprintf("starts again at %s", p.Next.Local().Format("15:04:05")))
	}
	if p.Restarts > 0 {
		n = append(n, fmt.Sprintf("restarted %d×, last end: %s", p.Restarts, p.Last))
	}
	return strings.Join(n, "; ")
}

func (f *clusterFlags) newEngines() *cobra.Command {
	return &cobra.Command{
		Use:   "engines [ID]",
		Short: "List the engine processes of a cluster",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := f.status(cmd, args)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd, st.Engines)
			}
			rows := [][]string{{"TASK", "PID", "HOST", "STATE", "LOG"}}
			for _, e := range st.Engines {
				state := e.State.String()
				if n := notes(e); n != "" {
					state += " (" + n + ")"
				}
				rows = append(rows, []string{strconv.Itoa(e.Index), strconv.Itoa(e.PID), e.Host, state, e.Log})
			}
			return printTable(cmd, rows)
		},
	}
}

func (f *clusterFlags) newStop() *cobra.Command {
	var all bool
	var engines []int
	c := &cobra.Command{
		Use:   "stop [ID]",
		Short: "Stop a cluster, or some of its engines",
		Long: `Stop a cluster: its processes are asked to end, those that do not are killed, and the command returns when all of them and
the cluster's files are gone. Logs stay. With --engine, only the engine processes that it names end, for good: the cluster
then has as many engines fewer.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(engines) > 0 {
				if all {
					return errors.New("--all and --engine exclude each other")
				}
				return f.change(cmd, args, time.Minute, func(ctx context.Context, c *cluster.Cluster, progress func(cluster.Status)) error {
					return c.Remove(ctx, progress, engines...)
				})
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			clusters, err := f.toStop(ctx, args, all)
			if err != nil {
				return withCode(err, cluster.ErrNotFound, exitNotRunning)
			}
			ids := []string{}
			var errs []error
			for _, c := range clusters {
				if err := c.Stop(ctx); err != nil {
					errs = append(errs, err)
					continue
				}
				ids = append(ids, c.ID())
				if !f.json {
					fmt.Fprintln(cmd.OutOrStdout(), title(cluster.Status{ID: c.ID(), ProfileDir: c.ProfileDir()}), "is stopped")
				}
			}
			if f.json {
				errs = append(errs, printJSON(cmd, map[string][]string{"stopped": ids}))
			}
			return errors.Join(errs...)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "stop all clusters of all profiles")
	c.Flags().IntSliceVar(&engines, "engine", nil, "only the engine process with this TASK number of gopar cluster engines; may be repeated")
	return c
}

func (f *clusterFlags) toStop(ctx context.Context, args []string, all bool) ([]*cluster.Cluster, error) {
	if !all {
		c, err := f.find(ctx, args)
		return []*cluster.Cluster{c}, err
	}
	if len(args) > 0 || f.query.ID != "" {
		return nil, errors.New("--all and a cluster id exclude each other")
	}
	clusters, err := cluster.List(ctx)
	if err == nil && len(clusters) == 0 {
		err = cluster.ErrNotFound
	}
	return clusters, err
}

func (f *clusterFlags) newLogs() *cobra.Command {
	var n int
	c := &cobra.Command{
		Use:   "logs [ID]",
		Short: "Show the last log lines of hub, engines and supervisor",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.find(cmd.Context(), args)
			if err != nil {
				return withCode(err, cluster.ErrNotFound, exitNoCluster)
			}
			logs, err := c.Logs(n)
			if err != nil {
				return withCode(err, cluster.ErrNotFound, exitNoCluster)
			}
			if f.json {
				return printJSON(cmd, logs)
			}
			for _, l := range logs {
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "==> %s <==\n%s\n", l.Path, strings.Join(append(l.Lines, ""), "\n")); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.Flags().IntVarP(&n, "lines", "n", 20, "lines of each log")
	return c
}

// newSuperviseCommand returns the body of a cluster's supervisor, which start
// runs as a daemon; it is not for users.
func newSuperviseCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "supervise",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return cluster.Supervise(ctx, stdr.New(log.New(os.Stderr, "", log.LstdFlags|log.Lmicroseconds)))
		},
	}
}

func printJSON(cmd *cobra.Command, v any) error {
	e := json.NewEncoder(cmd.OutOrStdout())
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func printTable(cmd *cobra.Command, rows [][]string) error {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t")) // kept in memory: errors come from Flush
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if bundle, err := cmd.Flags().GetBool("bundle"); err == nil && bundle {
		return printBundle(cmd, text.String(), rows)
	}
	_, err := cmd.OutOrStdout().Write(text.Bytes())
	return err
}
