package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/cluster"
)

// gopar runs the built program for tests of the command line.
type gopar struct {
	t   *testing.T
	exe string
	env []string
}

func buildGopar(t *testing.T) *gopar {
	t.Helper()
	g := &gopar{t: t, exe: filepath.Join(t.TempDir(), "gopar")}
	// As install.sh builds it, lest the units' build cache be bypassed.
	if out, err := exec.Command("go", "build", "-trimpath", "-o", g.exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	g.env = append(os.Environ(), "IPYTHONDIR="+filepath.Join(t.TempDir(), "ipython"), "IPP_PROFILE_DIR=", "IPP_CLUSTER_ID=")
	return g
}

// run runs a command line and returns its standard output; its exit code must
// be code.
func (g *gopar) run(code int, args ...string) string {
	g.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(g.exe, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = g.env, &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		g.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		g.t.Errorf("gopar %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// decode runs a command line with --json.
func (g *gopar) decode(v any, args ...string) {
	g.t.Helper()
	out := g.run(0, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), v); err != nil {
		g.t.Fatalf("gopar %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestClusterCommand(t *testing.T) {
	g := buildGopar(t)
	t.Run("StartsShowsAndStops", func(t *testing.T) { testClusterLife(t, g) })
	t.Run("FailedStartShowsWhy", func(t *testing.T) { testFailedStart(t, g) })
}

func testClusterLife(t *testing.T, g *gopar) {
	g.t = t
	for _, command := range []string{"status", "engines", "logs", "scale 2", "restart", "signal INT"} {
		g.run(exitNoCluster, append([]string{"cluster"}, strings.Fields(command)...)...)
	}
	g.run(exitNotRunning, "cluster", "stop")
	g.run(exitNotRunning, "cluster", "stop", "--all")
	g.run(1, "cluster", "start", "--id", "no/slash")

	out := g.run(0, "cluster", "start", "-n", "2", "--id", "demo")
	t.Cleanup(func() { exec.Command(g.exe, "cluster", "stop", "demo").Run() })
	if !strings.Contains(out, "2 engines ready") || !strings.Contains(out, "gopar cluster stop demo") {
		t.Errorf("start says %q", out)
	}
	g.run(exitAlreadyRunning, "cluster", "start", "-n", "2", "--id", "demo")

	var st cluster.Status
	g.decode(&st, "cluster", "status")
	if st.ID != "demo" || st.State != cluster.Running || len(st.Registered) != 2 {
		t.Errorf("status %+v", st)
	}
	var all []cluster.Status
	g.decode(&all, "cluster", "list")
	if len(all) != 1 || all[0].ID != "demo" {
		t.Errorf("list %+v", all)
	}
	var engines []cluster.Process
	g.decode(&engines, "cluster", "engines", "demo")
	if len(engines) != 2 || engines[0].PID == engines[1].PID {
		t.Errorf("engines %+v", engines)
	}
	var logs []cluster.Log
	g.decode(&logs, "cluster", "logs", "--id", "demo")
	if len(logs) != 4 || len(logs[0].Lines) == 0 {
		t.Errorf("logs %+v", logs)
	}
	for _, command := range []string{"status", "list", "engines", "logs"} {
		if out := g.run(0, "cluster", command); out == "" {
			t.Errorf("%s prints nothing", command)
		}
	}
	testChanges(t, g)
	g.run(0, "cluster", "stop", "demo")
	g.run(exitNotRunning, "cluster", "stop", "demo")
	var none []cluster.Status
	g.decode(&none, "cluster", "list")
	if len(none) != 0 {
		t.Errorf("list after stop: %+v", none)
	}
	if out := g.run(0, "cluster", "clean"); !strings.Contains(out, "Cluster demo") {
		t.Errorf("clean says %q", out)
	}
	if out := g.run(0, "cluster", "clean", "--all"); out != "" {
		t.Errorf("a second clean says %q", out)
	}
}

// testChanges scales the cluster demo of 2 engines and back, restarts an engine
// and interrupts one.
func testChanges(t *testing.T, g *gopar) {
	var st cluster.Status
	g.decode(&st, "cluster", "scale", "3")
	if len(st.Registered) != 3 || len(st.Engines) != 3 {
		t.Errorf("scaled to 3: %+v", st)
	}
	if out := g.run(0, "cluster", "scale", "demo", "2"); !strings.Contains(out, "2 engines registered") {
		t.Errorf("scale says %q", out)
	}
	g.run(1, "cluster", "scale", "many")
	var before, after []cluster.Process
	g.decode(&before, "cluster", "engines")
	g.run(0, "cluster", "restart", "demo", "--engine", "1")
	g.run(0, "cluster", "signal", "demo", "INT", "--engine", "0")
	g.run(1, "cluster", "restart", "demo", "--engine", "9")
	g.decode(&after, "cluster", "engines")
	if len(after) != 2 || after[0].PID != before[0].PID || after[1].PID == before[1].PID || after[1].Restarts != 1 {
		t.Errorf("engine 1 restarted: %+v, was %+v", after, before)
	}
	for command, want := range map[string]string{"status": "restarted 1×", "engines": "restarted 1×"} {
		if out := g.run(0, "cluster", command); !strings.Contains(out, want) {
			t.Errorf("%s says %q, want %q", command, out, want)
		}
	}
}

func testFailedStart(t *testing.T, g *gopar) {
	cmd := exec.Command(g.exe, "cluster", "start", "-n", "1", "--hub-arg=--ports=no-ports")
	cmd.Env = g.env
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the hub ended") || !strings.Contains(string(out), "no-ports") {
		t.Errorf("%v: %s: want the hub's complaint", err, out)
	}
}
