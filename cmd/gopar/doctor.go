package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gopar-project/gopar/internal/native"
	"github.com/gopar-project/gopar/kernelspec"
)

// A check looks at one thing gopar needs: what it found, or an error that says what to do.
type check struct {
	name string
	run  func(ctx context.Context) (found string, err error)
}

// checks is what `gopar doctor` looks at, in order.
var checks = []check{
	{"binary", func(context.Context) (string, error) { return executable() }},
	{"go toolchain", checkToolchain},
	{"c compiler", checkCompiler},
	{"kernel", checkKernel},
	{"jupyter", checkJupyter},
}

// newDoctorCommand returns `gopar doctor`.
func newDoctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check what gopar needs on this machine, and say how to get what is missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			problems := 0
			for _, c := range checks {
				found, err := c.run(cmd.Context())
				if err != nil {
					problems++
					say(cmd, "%-13s PROBLEM: %v\n", c.name, err)
					continue
				}
				say(cmd, "%-13s ok: %s\n", c.name, found)
			}
			if problems > 0 {
				return fmt.Errorf("%d of %d checks found a problem", problems, len(checks))
			}
			return nil
		},
	}
}

func checkToolchain(ctx context.Context) (string, error) {
	if _, err := native.Open(ctx, native.Options{}); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "go", "version").Output()
	if err != nil {
		return "", fmt.Errorf("run go version: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

func checkCompiler(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "CC").Output()
	cc := strings.Fields(strings.TrimSpace(string(out)))
	if err != nil || len(cc) == 0 {
		return "", errors.New("go env CC names no C compiler (install gcc or clang)")
	}
	path, err := exec.LookPath(cc[0])
	if err != nil {
		return "", fmt.Errorf("%s, which links cells, is not installed (Debian: apt install gcc; Fedora: dnf install gcc; macOS: xcode-select --install)", cc[0])
	}
	return path, nil
}

func checkKernel(context.Context) (string, error) {
	k, err := kernelspec.Find(kernelspec.Name, kernelspec.SearchPath())
	if err != nil {
		return "", fmt.Errorf("%w (gopar install)", err)
	}
	if _, err := os.Stat(k.Spec.Argv[0]); err != nil {
		return "", fmt.Errorf("%s starts a binary that is gone: %w (gopar install)", k.Dir, err)
	}
	return k.Dir, nil
}

func checkJupyter(ctx context.Context) (string, error) {
	path, err := exec.LookPath("jupyter")
	if err != nil {
		return "none on PATH (./install.sh --with-jupyter makes one; gopar run needs none)", nil
	}
	return path, nil
}
