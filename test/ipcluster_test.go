package test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// ipcluster is a command line of ipyparallel's command, which takes an empty $IPP_PROFILE_DIR for a directory.
func ipcluster(args ...string) []string {
	return append([]string{"-u", "IPP_PROFILE_DIR", "-u", "IPP_CLUSTER_ID", filepath.Join(filepath.Dir(program.python), "ipcluster")}, args...)
}

// gone waits until no cluster runs in this home.
func (h *home) gone() {
	h.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // the list has no events
		var all []any
		if err := json.Unmarshal([]byte(h.ok("gopar", "cluster", "list", "--json")), &all); err != nil {
			h.t.Fatal(err)
		}
		if len(all) == 0 {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("still there: %v", all)
		}
	}
}

func TestIpclusterListsAndStopsOurCluster(t *testing.T) {
	h := newHome(t)
	t.Cleanup(func() { h.run(context.Background(), "gopar", "cluster", "stop", "--all") }) // if the test failed
	h.ok("gopar", "cluster", "start", "-n", "2", "--id", "ours")
	var listed []struct {
		Cluster struct {
			ID string `json:"cluster_id"`
		} `json:"cluster"`
		Engines struct {
			Sets map[string]struct{ N int } `json:"sets"`
		} `json:"engines"`
	}
	out := h.ok("env", ipcluster("list", "-o", "json")...)
	if err := json.Unmarshal([]byte(out), &listed); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	engines := 0
	for _, c := range listed {
		if c.Cluster.ID == "ours" {
			for _, set := range c.Engines.Sets {
				engines += set.N
			}
		}
	}
	if engines != 2 {
		t.Errorf("ipcluster lists %s", out)
	}
	h.ok("env", ipcluster("stop", "--cluster-id", "ours")...)
	h.gone()
	left, err := os.ReadDir(filepath.Join(h.dir, "ipython", "profile_default", "security"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if strings.Contains(f.Name(), "ours") {
			t.Errorf("left behind: %s", f.Name())
		}
	}
}

func TestIpclusterStartsOurHubAndEngines(t *testing.T) {
	h := newHome(t)
	dir := filepath.Join(h.dir, "ipython", "profile_go")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	config := `{"LocalControllerLauncher": {"controller_cmd": ["gopar", "hub"]}, "LocalEngineLauncher": {"engine_cmd": ["gopar", "engine"]},
 "LocalEngineSetLauncher": {"engine_cmd": ["gopar", "engine"]}}`
	if err := os.WriteFile(filepath.Join(dir, "ipcluster_config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.run(context.Background(), "env", ipcluster("stop", "--profile", "go")...) }) // if the test failed
	h.ok("env", ipcluster("start", "--profile", "go", "-n", "2", "--daemonize")...)
	var st struct{ Registered []int }
	for end := time.Now().Add(time.Minute); len(st.Registered) != 2; time.Sleep(50 * time.Millisecond) { // a status has no events
		if r := h.run(t.Context(), "gopar", "cluster", "status", "--profile", "go", "--json"); r.err == nil {
			if err := json.Unmarshal([]byte(r.stdout), &st); err != nil {
				t.Fatal(err)
			}
		}
		if time.Now().After(end) {
			t.Fatalf("never two engines: %+v", st)
		}
	}
	printed := h.ok("gopar", "run", h.write("px.ipynb", `{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": null,
 "source": "parallel.MustConnect(parallel.Profile(\"go\"))[:].Apply(func(x int) int { return 6 * x }, 7)"}],
 "metadata": {"kernelspec": {"name": "gopar", "display_name": "Go (gopar)", "language": "go"}}, "nbformat": 4, "nbformat_minor": 5}`))
	if !strings.Contains(printed, "[42 42]") {
		t.Errorf("its engines do not compute:\n%s", printed)
	}
	h.ok("env", ipcluster("stop", "--profile", "go")...)
	h.gone()
}
