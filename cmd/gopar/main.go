// Gopar is interactive parallel Go for Jupyter: a kernel, the hub and the engines of a cluster, and the tools around them,
// in one binary. This package is wiring only: a table of subcommands, one file each.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// commands is the table of subcommands, in the order in which help shows them.
var commands = []func() *cobra.Command{
	newRunCommand,
	newClusterCommand,
	newConfigCommand,
	newTaskCommand,
	newInstallCommand,
	newDoctorCommand,
	newVersionCommand,
	newKernelCommand,
	newHubCommand,
	newEngineCommand,
	newRunnerCommand,
	newRemoteCommand,
}

func main() {
	root := newRootCommand()
	if err := root.ExecuteContext(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "gopar:", err)
		var coded interface{ ExitCode() int }
		if errors.As(err, &coded) {
			os.Exit(coded.ExitCode())
		}
		os.Exit(1)
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "gopar",
		Short:         "Interactive parallel Go for Jupyter",
		Long:          "gopar is a Jupyter kernel for Go, the hub and the engines of a cluster, and the tools around them.",
		Version:       version,
		SilenceUsage:  true, // an error in a notebook is not a wrong command line
		SilenceErrors: true, // main prints them
	}
	for _, newCommand := range commands {
		root.AddCommand(newCommand())
	}
	return root
}
