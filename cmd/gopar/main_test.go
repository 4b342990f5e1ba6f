package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/kernelspec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// call runs the command line args in this process and returns what it wrote to standard output.
func call(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestEverySubcommandHasHelp(t *testing.T) {
	t.Parallel()
	for _, c := range newRootCommand().Commands() {
		if c.Short == "" || c.Name() == "" {
			t.Errorf("%q has no short help", c.Use)
		}
	}
	if out, err := call(t, "--help"); err != nil || !strings.Contains(out, "run") || strings.Contains(out, "runner") {
		t.Errorf("help shows\n%s%v", out, err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if out, err := call(t, "version"); err != nil || !strings.HasPrefix(out, "gopar "+version+" go1.") {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestWrongCommandLinesAreErrors(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`unknown command "rum"`:           {"rum", "x.ipynb"},
		"accepts 1 arg(s)":                {"run"},
		"unknown flag: --wrong":           {"run", "--wrong", "x.ipynb"},
		`"connection-file" not set`:       {"kernel"},
		"no such file or directory":       {"kernel", "-f", filepath.Join(t.TempDir(), "none.json")},
		`invalid argument "soon" for "--`: {"run", "--timeout", "soon", "x.ipynb"},
	} {
		if _, err := call(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("gopar %s: got %v, want %s", strings.Join(args, " "), err, want)
		}
	}
}

func TestInstallAndRemove(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "jupyter data")
	for range 2 {
		out, err := call(t, "install", "--data-dir", data)
		if err != nil || !strings.Contains(out, filepath.Join(data, "kernels", "gopar")) {
			t.Fatalf("got %q, %v", out, err)
		}
	}
	k, err := kernelspec.Find("gopar", []string{data})
	if err != nil {
		t.Fatal(err)
	}
	self, err := executable()
	if err != nil || k.Spec.Argv[0] != self {
		t.Errorf("the kernel is %s, this is %s, %v", k.Spec.Argv[0], self, err)
	}
	for _, want := range []string{"removed from", "no kernel"} {
		if out, err := call(t, "install", "--remove", "--data-dir", data); err != nil || !strings.Contains(out, want) {
			t.Errorf("got %q, %v, want %q", out, err, want)
		}
	}
}

func TestInstallGoesToTheUsersFolder(t *testing.T) {
	data := t.TempDir()
	t.Setenv("JUPYTER_DATA_DIR", data)
	if _, err := call(t, "install"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(data, "kernels", "gopar", "kernel.json")); err != nil {
		t.Error(err)
	}
}

func TestUnknownKernelListsTheInstalledOnes(t *testing.T) {
	data := t.TempDir()
	t.Setenv("JUPYTER_PATH", data)
	dir := filepath.Join(data, "kernels", "cobol")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kernel.json"), []byte(`{"argv": ["cobol"], "language": "cobol"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, "n.ipynb")
	content := `{"nbformat": 4, "nbformat_minor": 5, "cells": [], "metadata": {"kernelspec": {"name": "fortran", "display_name": "F"}}}`
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := call(t, "run", path)
	if err == nil || !strings.Contains(err.Error(), `"fortran"`) || !strings.Contains(err.Error(), "cobol") || !strings.Contains(err.Error(), "--kernel") {
		t.Errorf("got %v", err)
	}
}
