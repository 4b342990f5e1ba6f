package main

import "github.com/spf13/cobra"

// newEngineCommand returns `gopar engine`.
func newEngineCommand() *cobra.Command {
	return &cobra.Command{Use: "engine", Short: "Run one engine of a cluster"}
}
