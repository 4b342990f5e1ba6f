package main

import "github.com/spf13/cobra"

// newRunCommand returns `gopar run`.
func newRunCommand() *cobra.Command {
	return &cobra.Command{Use: "run NOTEBOOK.ipynb", Short: "Run a notebook and print every cell with its outputs"}
}
