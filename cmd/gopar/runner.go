package main

import (
	"github.com/spf13/cobra"

	"github.com/gopar-project/gopar/internal/runner"
)

// newRunnerCommand returns `gopar runner`, the process in which cells run. Kernels and engines start it; it is of no use by
// hand.
func newRunnerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "runner",
		Short:  "Run cells for a kernel or an engine, which start it themselves",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return runner.Main(cmd.Context()) },
	}
}
