//go:build clusters

// Clusters whose engines run on real systems, which make test-clusters installs and starts.

package test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/launch"
)

func TestSlurmArray(t *testing.T) { clusterLife(t, "--on", "slurm") }

func TestSlurmAllocation(t *testing.T) {
	clusterLife(t, "--on", "slurm", "--mode", "allocation", "--nodes", "2")
}

func TestMPI(t *testing.T) {
	for name, command := range map[string]string{"OpenMPI": "mpiexec.openmpi", "MPICH": "mpiexec.hydra"} {
		t.Run(name, func(t *testing.T) {
			clusterLife(t, "--on", "mpi", "--command", command)
		})
	}
}

// The hub listens on this machine alone: engines come through tunnels.
func TestSSH(t *testing.T) {
	start := []string{"--on", "ssh", "--hosts", "h1,h2,h3", "--command", "ssh,-F," + os.Getenv("GOPAR_TEST_SSH")}
	// The cells of %%px are built by the engines, with the toolchain of their machines.
	for _, kv := range append(goCaches(), "GOPAR_SOURCE="+program.root) {
		if name, _, _ := strings.Cut(kv, "="); slices.Contains([]string{"PATH", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPAR_SOURCE"}, name) {
			start = append(start, "--env", kv)
		}
	}
	clusterLife(t, start...)
}

// A hub that listens for others is reached without a tunnel.
func TestSSHWithoutTunnel(t *testing.T) {
	h := newHome(t)
	h.t.Cleanup(h.nothingLeft)
	h.startCluster(3, "--on", "ssh", "--hosts", "h1,h2,h3", "--command", "ssh,-F,"+os.Getenv("GOPAR_TEST_SSH"),
		"--hub-arg=--ip=10.78.0.1", "--hub-arg=--location=10.78.0.1")
	printed := h.ok("gopar", "run", h.write("hosts.ipynb", cells(
		"rc := parallel.MustConnect()",
		`rc[:].Apply(func() string { name, _ := os.Hostname(); return name })`,
	)))
	for _, host := range []string{"h1", "h2", "h3"} {
		if !strings.Contains(printed, host) {
			t.Errorf("no engine on %s:\n%s", host, printed)
		}
	}
	if b, err := os.ReadFile(filepath.Join(h.dir, "ipython", "profile_default", "security", "gopar-cluster.json")); err != nil || strings.Contains(string(b), "tunnels") {
		t.Errorf("there are tunnels: %s, %v", b, err)
	}
}

// A machine that cannot be reached for a while costs nothing: its engines come back.
func TestSSHPartition(t *testing.T) {
	h := newHome(t)
	h.t.Cleanup(h.nothingLeft)
	h.startCluster(2, "--on", "ssh", "--hosts", "h1,h2", "--command", "ssh,-F,"+os.Getenv("GOPAR_TEST_SSH"))
	before := h.status()
	link := func(state string) {
		t.Helper()
		if r := h.run(context.Background(), "ip", "link", "set", "gpv1", state); r.err != nil {
			t.Fatal(r.err, r.all())
		}
	}
	link("down")
	t.Cleanup(func() { link("up") })
	h.until("cut off", func(st cluster.Status) bool { return strings.Contains(st.Engines[0].Reason, "h1") })
	if st := h.status(); st.Engines[0].State != launch.Running || st.Engines[1].Reason != "" {
		t.Errorf("engines of a host that is cut off: %+v", st.Engines)
	}
	link("up")
	st := h.until("whole again", func(st cluster.Status) bool {
		return st.State == cluster.Running && len(st.Registered) == 2 && st.Engines[0].Reason == ""
	})
	if st.Engines[0].PID != before.Engines[0].PID || st.Engines[0].Restarts != 0 {
		t.Errorf("engines %+v, want those of before: %+v", st.Engines, before.Engines)
	}
	printed := h.ok("gopar", "run", h.write("hosts.ipynb", cells(
		"rc := parallel.MustConnect()",
		`rc[:].Apply(func() string { name, _ := os.Hostname(); return name })`,
	)))
	if !strings.Contains(printed, "h1") || !strings.Contains(printed, "h2") {
		t.Errorf("after the partition:\n%s", printed)
	}
}

// A program starts a cluster elsewhere by one word.
func TestSlurmIsOneWordInANotebook(t *testing.T) {
	h := newHome(t)
	h.t.Cleanup(h.nothingLeft)
	printed := h.ok("gopar", "run", h.write("on.ipynb", cells(
		`c := parallel.MustStart(parallel.N(2), parallel.On("slurm"), parallel.Job(parallel.JobOptions{CPUs: 2, Walltime: time.Hour}))`,
		`c.Client()[:].Apply(func() string { return os.Getenv("SLURM_CPUS_PER_TASK") + os.Getenv("SLURM_JOB_NAME") })`,
		`c.Stop()`,
	)))
	if want := "[2gopar-engines-1 2gopar-engines-1]"; !strings.Contains(printed, want) {
		t.Errorf("%q is not printed:\n%s", want, printed)
	}
}

// clusterLife is the life of a cluster of any kind: four engines run the overview, there are six and then four, one is killed
// with a task on it, which another one runs while the first is started again, and in the end nothing is left.
func clusterLife(t *testing.T, start ...string) {
	h := newHome(t)
	h.t.Cleanup(h.nothingLeft)
	h.startCluster(4, start...)
	out := filepath.Join(h.dir, "executed.ipynb")
	h.ok("gopar", "run", overviewPath(), "-o", out)
	checkOverview(t, out)

	for _, n := range []int{6, 4} {
		h.ok("gopar", "cluster", "scale", fmt.Sprint(n))
		if st := h.status(); st.State != cluster.Running || len(st.Registered) != n || len(st.Engines) != n || st.Alive() != n {
			t.Fatalf("scaled to %d: %+v", n, st)
		}
	}

	printed := h.ok("gopar", "run", h.write("kill.ipynb", killer(h.dir)))
	if want := "[0 1 4 9 16 25 36 49]"; !strings.Contains(printed, want) {
		t.Errorf("a task whose engine was killed is not run again:\n%s", printed)
	}
	st := h.until("whole again", func(st cluster.Status) bool {
		again := 0
		for _, e := range st.Engines {
			again += e.Restarts
		}
		return again == 1 && st.State == cluster.Running && len(st.Registered) == 4
	})
	for _, e := range st.Engines {
		if e.Restarts > 0 && !strings.Contains(e.Last, "SIGKILL") {
			t.Errorf("the end of the killed engine is told as %q", e.Last)
		}
	}
}

// killer is a notebook whose first task kills its engine.
func killer(dir string) string {
	return cells(
		"rc := parallel.MustConnect()",
		`func square(i int) int {
	if f, err := os.OpenFile(`+fmt.Sprintf("%q", filepath.Join(dir, "killed"))+`, os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		f.Close()
		syscall.Kill(os.Getppid(), syscall.SIGKILL)
		select {}
	}
	return i * i
}`,
		"rc.LoadBalancedView().Map(square, []int{0, 1, 2, 3, 4, 5, 6, 7})",
	)
}

// cells is the text of a notebook.
func cells(source ...string) string {
	var list []map[string]any
	for i, c := range source {
		list = append(list, map[string]any{
			"cell_type": "code", "id": fmt.Sprint("c", i), "metadata": map[string]any{}, "source": c, "outputs": []any{}, "execution_count": nil,
		})
	}
	b, err := json.Marshal(map[string]any{
		"cells": list, "nbformat": 4, "nbformat_minor": 5,
		"metadata": map[string]any{"kernelspec": map[string]any{"name": "gopar", "display_name": "Go (gopar)", "language": "go"}},
	})
	if err != nil {
		panic(err) // the cells are constants
	}
	return string(b)
}

func (h *home) status() cluster.Status {
	h.t.Helper()
	var st cluster.Status
	if err := json.Unmarshal([]byte(h.ok("gopar", "cluster", "status", "--json")), &st); err != nil {
		h.t.Fatal(err)
	}
	return st
}

// until waits until the cluster's status is as ok wants it.
func (h *home) until(what string, ok func(cluster.Status) bool) cluster.Status {
	h.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // a status has no events
		st := h.status()
		if ok(st) {
			return st
		}
		if time.Now().After(end) {
			h.t.Fatalf("never %s: %+v", what, st)
		}
	}
}

// nothingLeft fails the test if the user's clusters have left processes, or files beside logs.
func (h *home) nothingLeft() {
	h.t.Helper()
	profile := filepath.Join(h.dir, "ipython", "profile_default")
	for _, pattern := range []string{"security/*", "security/.*", "log/.*"} {
		files, err := filepath.Glob(filepath.Join(profile, pattern))
		if err != nil || len(files) > 0 {
			h.t.Errorf("left behind: %q, %v", files, err)
		}
	}
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range environs {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), "IPP_PROFILE_DIR="+profile+"\x00") {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
			h.t.Errorf("left behind: %s %q", filepath.Dir(f), line)
		}
	}
}
