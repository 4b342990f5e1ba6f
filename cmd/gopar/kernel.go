package main

import (
	"fmt"
	"log"
	"os"

	"github.com/go-logr/logr"
	"github.com/go-logr/stdr"
	"github.com/spf13/cobra"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/panel"
	"github.com/gopar-project/gopar/kernel"
)

// newKernelCommand returns `gopar kernel`, which front ends start.
func newKernelCommand() *cobra.Command {
	var file string
	var verbosity int
	var toolchain string
	c := &cobra.Command{
		Use:   "kernel -f connection.json",
		Short: "Serve a Jupyter front end; front ends start this themselves",
		Long: `Serve the front ends of a connection file until one of them asks for shutdown, the process that started this one is gone,
or SIGTERM comes. SIGINT interrupts the cell that runs.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if toolchain != "" && toolchain != kernel.NoToolchain {
				return fmt.Errorf("--toolchain %q: want none, or nothing for the Go toolchain of this machine", toolchain)
			}
			if _, err := jupyter.ReadConnectionFile(file); err != nil {
				return err // before a runner is started for nothing
			}
			exe, err := executable()
			if err != nil {
				return err
			}
			logger := newLogger(verbosity - 1) // a console shows what its kernel logs
			clusters := panel.New(panel.Config{Exe: exe, Log: logger})
			defer clusters.Close()
			config := kernel.Config{
				Comms:     map[string]kernel.CommTarget{panel.Target: clusters.Open},
				Evaluator: kernel.NewEvaluator(kernel.EvaluatorConfig{Toolchain: toolchain, Log: logger}),
				Version:   version, Exe: exe, Log: logger,
			}
			if path, err := kernel.HistoryPath(); err != nil {
				logger.Error(err, "history is kept for this session only")
			} else {
				config.History = kernel.OpenHistory(path)
			}
			return kernel.Run(cmd.Context(), file, config)
		},
	}
	c.Flags().StringVarP(&file, "connection-file", "f", "", "connection file, as Jupyter writes it")
	c.Flags().StringVar(&toolchain, "toolchain", "", "none: interpret cells as far as that is exact, compile nothing")
	c.Flags().CountVarP(&verbosity, "verbose", "v", "log more to standard error; repeat for still more")
	if err := c.MarkFlagRequired("connection-file"); err != nil {
		c.PreRunE = func(*cobra.Command, []string) error { return err }
	}
	return c
}

// newLogger logs to standard error: life events, and more with each level of verbosity.
func newLogger(verbosity int) logr.Logger {
	stdr.SetVerbosity(verbosity)
	return stdr.New(log.New(os.Stderr, "", log.LstdFlags|log.Lmicroseconds))
}
