package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/proto"
)

// change finds the cluster of a command line, has it changed, and shows its
// status. The change gets a context that ends after timeout or at Ctrl-C.
func (f *clusterFlags) change(cmd *cobra.Command, args []string, timeout time.Duration,
	do func(ctx context.Context, c *cluster.Cluster, progress func(cluster.Status)) error) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, err := f.find(ctx, args)
	if err != nil {
		return withCode(err, cluster.ErrNotFound, exitNoCluster)
	}
	show := progressLine{w: cmd.ErrOrStderr(), on: !f.json && term.IsTerminal(int(os.Stderr.Fd()))}
	err = do(ctx, c, show.update)
	show.clear()
	if err != nil {
		return withCode(err, cluster.ErrNotFound, exitNoCluster)
	}
	st, err := c.Status(cmd.Context())
	if err != nil {
		return withCode(err, cluster.ErrNotFound, exitNoCluster)
	}
	if f.json {
		return printJSON(cmd, st)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %v, %s registered\n", title(st), st.State, engineCount(len(st.Registered)))
	return err
}

func (f *clusterFlags) newScale() *cobra.Command {
	var timeout time.Duration
	var set string
	c := &cobra.Command{
		Use:   "scale [ID] N",
		Short: "Make a cluster have N engines",
		Long: `Make a cluster have N engines, and return when they are registered and those that had to go are gone. Engines that have
ended are replaced. Engines that are too many are asked to end, the youngest first, and killed after 5 s.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[len(args)-1])
			if err != nil || n < 0 {
				return fmt.Errorf("%q is no number of engines", args[len(args)-1])
			}
			return f.change(cmd, args[:len(args)-1], timeout, func(ctx context.Context, c *cluster.Cluster, progress func(cluster.Status)) error {
				return c.ScaleSet(ctx, set, n, progress)
			})
		},
	}
	c.Flags().StringVar(&set, "set", "", "the set of engines with this name, of a cluster that has several (default: the first)")
	c.Flags().DurationVar(&timeout, "timeout", time.Minute, "stop waiting after this; the engines go on coming up")
	return c
}

func (f *clusterFlags) newRestart() *cobra.Command {
	var engines []int
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "restart [ID]",
		Short: "End engine processes and start them again",
		Long: `End engine processes, all unless --engine names some, start them again and return when they are registered. Engines that
were given up after too many failures get another chance.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.change(cmd, args, timeout, func(ctx context.Context, c *cluster.Cluster, progress func(cluster.Status)) error {
				return c.Restart(ctx, progress, engines...)
			})
		},
	}
	c.Flags().IntSliceVar(&engines, "engine", nil, "the engine process with this TASK number of gopar cluster engines; may be repeated")
	c.Flags().DurationVar(&timeout, "timeout", time.Minute, "stop waiting after this; the engines go on coming up")
	return c
}

func (f *clusterFlags) newSignal() *cobra.Command {
	var engines []int
	c := &cobra.Command{
		Use:   "signal [ID] SIGNAL",
		Short: "Send a signal to engine processes",
		Long: `Send a signal (INT, TERM, USR1, …) to engine processes, all unless --engine names some. INT interrupts what they run; TERM
ends them for good.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.change(cmd, args[:len(args)-1], time.Minute, func(ctx context.Context, c *cluster.Cluster, _ func(cluster.Status)) error {
				return c.Signal(ctx, args[len(args)-1], engines...)
			})
		},
	}
	c.Flags().IntSliceVar(&engines, "engine", nil, "the engine process with this TASK number of gopar cluster engines; may be repeated")
	return c
}

func (f *clusterFlags) newClean() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "clean",
		Short: "Remove what clusters that do not run any more have left",
		Long:  `Remove the logs, and any processes and files, that clusters of the profile that do not run any more have left.`,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dirs, err := f.profileDirs(all)
			if err != nil {
				return err
			}
			type clean struct {
				ProfileDir string   `json:"profile_dir"`
				Cleaned    []string `json:"cleaned"`
			}
			cleaned := []clean{}
			var errs []error
			for _, dir := range dirs {
				ids, err := cluster.Clean(cmd.Context(), dir, logr.Discard())
				errs = append(errs, err)
				cleaned = append(cleaned, clean{dir, ids})
				for _, id := range ids {
					if !f.json {
						fmt.Fprintln(cmd.OutOrStdout(), title(cluster.Status{ID: id, ProfileDir: dir})+": logs removed")
					}
				}
			}
			if f.json {
				errs = append(errs, printJSON(cmd, cleaned))
			}
			return errors.Join(errs...)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "of all profiles")
	return c
}

// profileDirs returns the profile's directory that the flags name, or those of
// all profiles.
func (f *clusterFlags) profileDirs(all bool) ([]string, error) {
	if !all {
		dir, err := proto.ProfileDir(f.query.ProfileDir, f.query.Profile)
		return []string{dir}, err
	}
	if strings.Join([]string{f.query.Profile, f.query.ProfileDir}, "") != "" {
		return nil, errors.New("--all and a profile exclude each other")
	}
	base, err := proto.IPythonDir()
	if err != nil {
		return nil, err
	}
	return filepath.Glob(filepath.Join(base, "profile_*"))
}
