package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/gopar-project/gopar/internal/config"
)

// exitBadConfig is the exit code of gopar config check for a file with errors.
const exitBadConfig = 2

// newConfigCommand returns `gopar config`: the configuration file.
func newConfigCommand() *cobra.Command {
	var json bool
	c := &cobra.Command{
		Use:   "config",
		Short: "Show, make and check the configuration file",
		Long: `The configuration file holds profiles: what a site needs for its engines, said once and named afterwards by
gopar cluster start --on NAME. It is gopar/config.yaml in the user's configuration directory, or what $GOPAR_CONFIG names.

Exit status: 0 done; 1 it failed; 2 check: the file has an error, which standard error names with line and column.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.PersistentFlags().BoolVar(&json, "json", false, "print JSON")
	c.AddCommand(&cobra.Command{
		Use: "show [PROFILE]", Short: "Print the file's profiles, or one of them", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return places(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return showConfig(cmd, args, json) },
	}, &cobra.Command{
		Use: "init", Short: "Write a file to begin with; one that is there is kept", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return initConfig(cmd, json) },
	}, &cobra.Command{
		Use: "check", Short: "Say what is wrong with the file, and where", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return checkConfig(cmd, json) },
	})
	return c
}

func showConfig(cmd *cobra.Command, args []string, json bool) error {
	file, err := loadConfig()
	if err != nil {
		return err
	}
	var v any = file
	if len(args) == 1 {
		p, ok := file.Profiles[args[0]]
		if !ok {
			return fmt.Errorf("there is no profile %q in %s", args[0], file.Path)
		}
		v = p
	}
	if json {
		return printJSON(cmd, v)
	}
	if len(args) == 0 && len(file.Profiles) == 0 {
		_, err := fmt.Fprintf(cmd.ErrOrStderr(), "there are no profiles in %s (make the file: gopar config init)\n", file.Path)
		return err
	}
	text, err := yaml.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "# %s\n%s", file.Path, text)
	return err
}

func initConfig(cmd *cobra.Command, json bool) error {
	path, err := config.Path()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: edit it, and try gopar config check", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(config.Example)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if json {
		return printJSON(cmd, map[string]string{"path": path})
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), path)
	return err
}

func checkConfig(cmd *cobra.Command, json bool) error {
	file, err := loadConfig()
	if err != nil {
		return exitError{err, exitBadConfig}
	}
	names := []string{}
	for name := range file.Profiles {
		names = append(names, name)
	}
	slices.Sort(names)
	if json {
		return printJSON(cmd, map[string]any{"path": file.Path, "profiles": names})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", file.Path, strconv.Itoa(len(names))+" profiles, no errors")
	return err
}
