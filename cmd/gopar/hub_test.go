//go:build unix

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
)

func TestFlagsOfIpcontrollerAreTakenOrNamed(t *testing.T) {
	for _, c := range []struct{ args, known, unknown string }{
		{"--ip=* --ping 250", "--ip=* --ping=250", ""},
		{"--HeartMonitor.period=100 --TaskScheduler.hwm 3", "--ping=100 --hwm=3", ""},
		{"--reuse --nodb", "--reuse --nodb", ""},
		{"--Session.key=x --HubFactory.db_class DictDB --ip=1.2.3.4", "--ip=1.2.3.4", "--Session.key=x --HubFactory.db_class"},
		{"-h stray", "--help", "stray"},
	} {
		known, unknown := splitFlags(newHubCommand().Flags(), strings.Fields(c.args))
		if !slices.Equal(known, strings.Fields(c.known)) || !slices.Equal(unknown, strings.Fields(c.unknown)) {
			t.Errorf("%s: %q and %q", c.args, known, unknown)
		}
	}
}

func TestWrongHubFlagsAreRefused(t *testing.T) {
	for _, args := range []string{"--ports=90000", "--ports=5-3", "--ports=x", "--scheme=best", "--log-level=loud", "--ping=often"} {
		c := newHubCommand()
		c.SetArgs([]string{args, "--profile-dir=" + t.TempDir()})
		c.SilenceErrors, c.SilenceUsage = true, true
		if err := c.ExecuteContext(t.Context()); err == nil {
			t.Errorf("%s was accepted", args)
		}
	}
	if ports, err := parsePorts("5000-5002,6000"); err != nil || !slices.Equal(ports, []int{5000, 5001, 5002, 6000}) {
		t.Error(ports, err)
	}
}

func TestKeysAreRefusedOnTheCommandLine(t *testing.T) {
	const key = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
	for _, args := range [][]string{
		{"hub", "--IPController.curve_secretkey=" + key}, {"hub", "--Session.key", key}, {"engine", "--IPEngine.curve_secretkey=" + key},
		{"engine", "--Session.keyfile=" + key},
	} {
		c := newHubCommand()
		if args[0] == "engine" {
			c = newEngineCommand()
		}
		c.SetArgs(append(args[1:], "--profile-dir="+t.TempDir()))
		c.SilenceErrors, c.SilenceUsage = true, true
		err := c.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), "does not belong on a command line") || strings.Contains(err.Error(), key) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestHubServesUntilSIGTERM(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "profile with blanks")
	c := newHubCommand()
	c.SetArgs([]string{"--profile-dir=" + dir, "--cluster-id", "x", "--ping=250", "--log-level=40", "--dictdb", "--Session.debug=True"})
	done := make(chan error, 1)
	go func() { done <- c.ExecuteContext(context.Background()) }()
	file := proto.ClientFile(dir, "x")
	for limit := time.Now().Add(10 * time.Second); ; {
		if _, err := proto.ReadClientInfo(file); err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("no connection file")
		}
		select {
		case err := <-done:
			t.Fatal(err)
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", file, err)
	}
}
