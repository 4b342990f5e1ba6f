package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gopar-project/gopar/internal/notebook"
	"github.com/gopar-project/gopar/kernelspec"
)

// newRunCommand returns `gopar run`: a notebook from the command line.
func newRunCommand() *cobra.Command {
	var out, kernel string
	var o notebook.Options
	c := &cobra.Command{
		Use:   "run NOTEBOOK.ipynb",
		Short: "Run a notebook and print every cell with its outputs",
		Long: `Run all cells of a notebook in a new kernel and print each with its outputs as they come. The kernel is the one that the
notebook names, found as Jupyter finds it; a Go notebook runs without any kernel installed. It works in the notebook's folder.

The notebook itself is not changed: -o writes the executed one. The first cell that fails ends the run with exit status 1;
what was run until then is written all the same.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := notebook.Read(args[0])
			if err != nil {
				return err
			}
			if o.Kernel, err = chooseKernel(n, kernel); err != nil {
				return err
			}
			o.Dir, o.Out = filepath.Dir(args[0]), cmd.OutOrStdout()
			o.Color = o.Out == os.Stdout && term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == ""
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			err = notebook.Run(ctx, n, o)
			if out != "" {
				err = errors.Join(err, notebook.Write(out, n))
			}
			return err
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "write the executed notebook to this file; it may be NOTEBOOK.ipynb itself")
	c.Flags().DurationVar(&o.Timeout, "timeout", 0*time.Second, "limit for each cell, such as 90s (default: none)")
	c.Flags().BoolVar(&o.AllowErrors, "allow-errors", false, "go on after a cell's error, and exit with status 0")
	c.Flags().StringVar(&kernel, "kernel", "", "kernel to run it with (default: the one the notebook names)")
	return c
}

// chooseKernel finds the kernel called name or, if that is empty, the one the notebook asks for. This very binary serves
// Go notebooks when no such kernel is installed.
func chooseKernel(n *notebook.Notebook, name string) (kernelspec.Installed, error) {
	language := ""
	if name == "" {
		name, language = n.KernelName()
	}
	if name == "" {
		name = kernelspec.Name
	}
	path := kernelspec.SearchPath()
	k, err := kernelspec.Find(name, path)
	if !errors.Is(err, kernelspec.ErrNotFound) {
		return k, err
	}
	if name != kernelspec.Name && language != "go" {
		return k, fmt.Errorf("%w\n  installed: %s\n  choose one with --kernel NAME", err, installedNames(path))
	}
	exe, err := executable()
	if err != nil {
		return k, err
	}
	spec, err := kernelspec.Default(exe)
	return kernelspec.Installed{Name: kernelspec.Name, Spec: spec}, err
}

func installedNames(path []string) string {
	names := []string{}
	for _, k := range kernelspec.List(path) {
		names = append(names, k.Name)
	}
	if len(names) == 0 {
		return "none (gopar's own: gopar install)"
	}
	return strings.Join(names, ", ")
}
