package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/proto"
)

// hubTimeout bounds the wait for a hub's answer.
const hubTimeout = 10 * time.Second

// which are the flags that name a cluster.
func (f *clusterFlags) which(flags *pflag.FlagSet) {
	flags.StringVar(&f.query.ID, "id", "", "cluster id (default: $IPP_CLUSTER_ID, or the profile's default cluster)")
	flags.StringVar(&f.query.Profile, "profile", "", "IPython profile that holds the cluster's files (default: default)")
	flags.StringVar(&f.query.ProfileDir, "profile-dir", "", "directory of the profile (default: $IPP_PROFILE_DIR, or that of --profile)")
	flags.BoolVar(&f.json, "json", false, "print JSON")
}

// newTaskCommand returns `gopar task`.
func newTaskCommand() *cobra.Command {
	f := new(clusterFlags)
	c := &cobra.Command{
		Use:   "task",
		Short: "Look at the tasks of a cluster",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	f.which(c.PersistentFlags())
	c.AddCommand(&cobra.Command{
		Use:   "show ID",
		Short: "Tell what happened to a task, and what it waits for",
		Long: `Tell what happened to a task: when it was submitted, what it waited for, where it was sent, whether it was sent again,
and how it ended. ID is the task's msg_id: AsyncResult.IDs in Go, msg_ids in Python, "task" in an error.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.withHub(cmd, func(ctx context.Context, c *cluster.Cluster) error {
				s, err := c.Story(ctx, args[0])
				if err != nil {
					return err
				}
				if f.json {
					return printJSON(cmd, s)
				}
				return printTable(cmd, storyRows(s))
			})
		},
	})
	return c
}

// withHub finds the cluster and calls do, within hubTimeout.
func (f *clusterFlags) withHub(cmd *cobra.Command, do func(context.Context, *cluster.Cluster) error) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), hubTimeout)
	defer cancel()
	c, err := f.find(ctx, nil)
	if err != nil {
		return withCode(err, cluster.ErrNotFound, exitNoCluster)
	}
	return do(ctx, c)
}

func storyRows(s proto.StoryReply) [][]string {
	title := "task " + s.MsgID + ": " + s.State
	if s.Label != "" {
		title = fmt.Sprintf("task %s (%s): %s", s.MsgID, s.Label, s.State)
	}
	rows := [][]string{{title}}
	if s.Waiting != "" {
		rows = append(rows, []string{"  waits: " + s.Waiting})
	}
	for i, e := range s.Steps {
		at := "  " + e.At.Local().Format("2006-01-02 15:04:05.000000")
		if i > 0 {
			at = fmt.Sprintf("  +%.6f s", e.At.Sub(s.Steps[0].At.Time).Seconds())
		}
		text := e.What
		switch {
		case e.Engine != nil:
			text += fmt.Sprintf(" engine %d", *e.Engine)
		case e.UUID != "":
			text += " engine " + e.UUID + ", which has left"
		}
		if e.Note != "" {
			text += " (" + e.Note + ")"
		}
		rows = append(rows, []string{at, text})
	}
	return rows
}

// newHubStatus returns `gopar hub status`.
func newHubStatus() *cobra.Command {
	f := new(clusterFlags)
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell what the hub of a running cluster has to do",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withHub(cmd, func(ctx context.Context, c *cluster.Cluster) error {
				s, err := c.HubStatus(ctx)
				if err != nil {
					return err
				}
				if f.json {
					return printJSON(cmd, s)
				}
				return printTable(cmd, hubRows(s))
			})
		},
	}
	f.which(c.Flags())
	return c
}

func hubRows(s proto.StatusReply) [][]string {
	t := s.Tasks
	rows := [][]string{
		{fmt.Sprintf("hub: process %d, up %s", s.PID, time.Since(s.Started.Time).Round(time.Second))},
	}
	engines := ""
	for _, l := range slices.Sorted(maps.Keys(s.Engines)) {
		if engines != "" {
			engines += ", "
		}
		engines += fmt.Sprintf("%d %s", s.Engines[l], l)
	}
	rows = append(rows,
		[]string{"  engines", orDash(engines), fmt.Sprintf("%d slots", s.Slots)},
		[]string{"  load-balanced tasks", fmt.Sprintf("%d with engines, %d ready, %d wait for others, %d for another engine", t.Running, t.Ready, t.Waiting, t.Parked),
			fmt.Sprintf("%d finished", t.Finished)},
		[]string{"  direct tasks", fmt.Sprintf("%d with engines", s.Direct), fmt.Sprintf("%d tasks finished by the engines that are there", s.Completed)},
		[]string{"  not yet in the store", fmt.Sprintf("%d tasks", s.Records), fmt.Sprintf("%.1f MB", float64(s.Bytes)/1e6)},
		[]string{"  metrics", orDash(s.Metrics)},
	)
	for _, why := range slices.Sorted(maps.Keys(s.Reasons)) {
		rows = append(rows, []string{fmt.Sprintf("  %d wait", s.Reasons[why]), why})
	}
	return rows
}
