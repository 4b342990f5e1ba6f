package main

import "github.com/spf13/cobra"

// newClusterCommand returns `gopar cluster`: start, stop and look at clusters.
func newClusterCommand() *cobra.Command {
	return &cobra.Command{Use: "cluster", Short: "Start, stop and look at clusters of engines"}
}
