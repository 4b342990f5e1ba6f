//go:build clusters

// Clusters whose engines run on real systems, which make test-clusters installs and starts.

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
)

func TestSlurmArray(t *testing.T) { clusterLife(t, "--on", "slurm") }

func TestSlurmAllocation(t *testing.T) {
	clusterLife(t, "--on", "slurm", "--mode", "allocation", "--nodes", "2")
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
