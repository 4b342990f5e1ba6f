package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/notebook"
	"github.com/gopar-project/gopar/kernelspec"
)

// lab is what the works share: a fresh gopar binary, a Python, and profiles of their own.
type lab struct {
	dir, gopar, python string
}

// newLab builds gopar as install.sh does. It sets the process's environment, which all that it starts inherits.
func newLab(ctx context.Context) (*lab, error) {
	python := os.Getenv("GOPAR_PYTHON")
	if python == "" {
		return nil, errors.New("GOPAR_PYTHON names no Python with ipykernel and ipyparallel (make bench sets it)")
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "bench", "peer.py")); err != nil {
		return nil, errors.New("run it from the root of the repository: make bench")
	}
	l := &lab{python: python}
	if l.dir, err = os.MkdirTemp("", "gopar-bench-"); err != nil {
		return nil, err
	}
	l.gopar = filepath.Join(l.dir, "gopar")
	err = errors.Join(
		os.Setenv("GOPAR_SOURCE", root),
		os.Setenv("IPYTHONDIR", filepath.Join(l.dir, "ipython")),
		os.Setenv("IPP_PROFILE_DIR", ""), os.Setenv("IPP_CLUSTER_ID", ""),
		command(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", l.gopar, "./cmd/gopar"),
		command(ctx, l.gopar, "install", "--warm", "--data-dir", filepath.Join(l.dir, "jupyter")))
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) close() {
	_ = os.RemoveAll(l.dir) // best effort: a temporary folder
}

// command runs a command that must succeed.
func command(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

func (l *lab) goparKernel() (kernelspec.Installed, error) {
	spec, err := kernelspec.Default(l.gopar)
	return kernelspec.Installed{Name: kernelspec.Name, Spec: spec}, err
}

func (l *lab) ipykernel() kernelspec.Installed {
	return kernelspec.Installed{Name: "python3", Spec: kernelspec.Spec{
		Argv: []string{l.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"}, DisplayName: "Python 3", Language: "python",
	}}
}

func (l *lab) start(ctx context.Context, spec kernelspec.Installed) (*notebook.Kernel, error) {
	return notebook.StartKernel(ctx, spec, l.dir, logr.Discard())
}

// execute runs a cell that must succeed and returns what it printed.
func execute(ctx context.Context, k *notebook.Kernel, code string) (printed string, err error) {
	request, err := k.Submit(code, "bench")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	reply, err := k.Wait(ctx, request, func(_ string, m *jupyter.Message) error {
		if m.Header.MsgType != notebook.Stream {
			return nil
		}
		var s jupyter.Stream
		if err := m.Bind(&s); err != nil {
			return err
		}
		if s.Name == "stdout" {
			out.WriteString(s.Text)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if reply.Status != jupyter.StatusOK {
		return "", fmt.Errorf("%s: %s, by the cell\n%s", reply.EName, reply.EValue, code)
	}
	return out.String(), nil
}
