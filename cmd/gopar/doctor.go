package main

import "github.com/spf13/cobra"

// newDoctorCommand returns `gopar doctor`.
func newDoctorCommand() *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "Check what gopar needs on this machine"}
}
