package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/kernelspec"
	"github.com/gopar-project/gopar/labextension"
)

// newInstallCommand returns `gopar install`: the kernelspec and the unit build cache.
func newInstallCommand() *cobra.Command {
	var dataDir string
	var remove, warm bool
	c := &cobra.Command{
		Use:   "install",
		Short: "Register the kernel and the clusters panel with Jupyter",
		Long: `Register the kernel with every Jupyter of this user: write the kernelspec into the user's Jupyter data folder, so that
JupyterLab, Notebook, jupyter console and VS Code list "Go (gopar)" and start this binary; and the "Go clusters" panel of
JupyterLab and Notebook, which shows after a reload of the page. Needs neither Python nor Jupyter.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dataDir == "" {
				var err error
				if dataDir, err = kernelspec.UserDataDir(); err != nil {
					return fmt.Errorf("find the Jupyter data folder (or name it with --data-dir): %w", err)
				}
			}
			if remove {
				return uninstall(cmd, dataDir)
			}
			if warm {
				if err := warmCache(cmd); err != nil {
					return err
				}
			}
			return install(cmd, dataDir)
		},
	}
	c.Flags().StringVar(&dataDir, "data-dir", "", "Jupyter data folder to install into (default: the user's)")
	c.Flags().BoolVar(&warm, "warm", false, "first build what the first cell of a notebook would have to wait for")
	c.Flags().BoolVar(&remove, "remove", false, "remove kernelspec and panel instead")
	return c
}

func install(cmd *cobra.Command, dataDir string) error {
	exe, err := executable()
	if err != nil {
		return err
	}
	dir, err := kernelspec.Install(dataDir, exe)
	if err != nil {
		return err
	}
	say(cmd, "kernel %q installed in %s\n", kernelspec.Name, dir)
	if dir, err = labextension.Install(dataDir); err != nil {
		return err
	}
	say(cmd, "panel \"Go clusters\" installed in %s (reload JupyterLab's page)\n", dir)
	return nil
}

func uninstall(cmd *cobra.Command, dataDir string) error {
	removed, err := kernelspec.Remove(dataDir)
	if err != nil {
		return err
	}
	panel, err := labextension.Remove(dataDir)
	if err != nil {
		return err
	}
	if panel {
		say(cmd, "panel \"Go clusters\" removed from %s\n", dataDir)
	}
	if !removed {
		say(cmd, "no kernel %q in %s\n", kernelspec.Name, dataDir)
		return nil
	}
	say(cmd, "kernel %q removed from %s\n", kernelspec.Name, dataDir)
	return nil
}

// warmCache builds export data and packages for native cells, and says how far it is: a line for each tenth.
func warmCache(cmd *cobra.Command) error {
	tools, err := native.Open(cmd.Context(), native.Options{})
	if err != nil {
		return err
	}
	shown := -1
	return tools.Warm(cmd.Context(), func(done, total int, what string) {
		tenth := 10 * done / max(total, 1)
		if tenth == shown {
			return
		}
		shown = tenth
		say(cmd, "      %3d %%  %s\n", 10*tenth, what)
	})
}

// executable is the absolute path of this binary, links resolved: the kernelspec must outlive a link, and units are built
// for this very file.
func executable() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(exe)
}

func say(cmd *cobra.Command, format string, args ...any) {
	_, _ = fmt.Fprintf(cmd.OutOrStdout(), format, args...) // best effort: the work is done, whoever reads of it
}
