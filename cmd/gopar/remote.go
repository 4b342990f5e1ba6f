package main

import (
	"os"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"

	"github.com/gopar-project/gopar/internal/launch"
)

// newRemoteCommand returns the agent that gopar cluster start --on ssh runs on other machines; it is not for users.
func newRemoteCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "remote",
		Short:  "Start and watch processes for gopar on another machine",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return launch.ServeAgent(cmd.Context(), os.Stdin, os.Stdout, logr.Discard())
		},
	}
}
