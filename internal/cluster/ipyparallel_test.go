package cluster

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/gopar-project/gopar/internal/launch"
)

// written is what ipyparallel 9.2's Cluster.to_dict gives for this cluster. A
// file that differs from it is rewritten whenever ipcluster or the panel looks.
const written = `{"cluster": {"cluster_id": "x", "controller_args": [], "controller_ip": "", "controller_location": "",
  "delay": 1.0, "n": 3, "profile_dir": "/p", "class": "ipyparallel.cluster.cluster.Cluster"},
 "controller": {"class": "local", "state": {"cluster_id": "x", "output_file": "/p/log/gopar-x-hub-0.log", "pid": 10,
  "profile_dir": "/p", "state": "running"}},
 "engines": {"class": "local", "sets": {"1": {"cluster_id": "x", "n": 2, "pid": -1, "profile_dir": "/p", "state": "running",
  "engines": {
   "0": {"cluster_id": "x", "n": 1, "output_file": "/p/log/gopar-x-engines-1-0.log", "pid": 11, "profile_dir": "/p", "state": "running"},
   "2": {"cluster_id": "x", "n": 1, "output_file": "/p/log/gopar-x-engines-1-2.log", "pid": 13, "profile_dir": "/p", "state": "running"}}}}}}`

func testState() *state {
	procs := func(pids ...int) (ps []launch.Proc) {
		for _, pid := range pids {
			ps = append(ps, launch.Proc{PID: pid})
		}
		return ps
	}
	return &state{
		ID: "x", ProfileDir: "/p", Spec: spec{Sets: []EngineSet{{Name: "local", On: "local", N: 3}}},
		Hub:     &launch.Record{Name: "gopar-x-hub", N: 1, LogDir: "/p/log", Procs: procs(10)},
		Engines: []*launch.Record{{Name: "gopar-x-engines-1", ID: "a", N: 3, LogDir: "/p/log", Procs: procs(11, 12, 13)}},
		Slots: []*slot{
			{Job: "gopar-x-engines-1", ID: "a"}, {Job: "gopar-x-engines-1", Index: 1, ID: "a"}, {Job: "gopar-x-engines-1", Index: 2, ID: "a"},
		},
		Tasks: []launch.Task{
			{Job: "gopar-x-hub", State: launch.Running}, {Job: "gopar-x-engines-1", State: launch.Running},
			{Job: "gopar-x-engines-1", Index: 1, State: launch.Done}, {Job: "gopar-x-engines-1", Index: 2, State: launch.Running},
		},
	}
}

func TestClusterFileIsWhatIpyparallelWrites(t *testing.T) {
	got, err := json.Marshal(testState().ippFile())
	if err != nil {
		t.Fatal(err)
	}
	if g, w := canonical(t, got), canonical(t, []byte(written)); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func canonical(t *testing.T, b []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSpace(out))
}

func TestClusterFileOfADeadClusterLoads(t *testing.T) {
	s := testState()
	for i := range s.Tasks {
		s.Tasks[i].State = launch.Done
	}
	f := s.ippFile()
	if f.Controller != nil || len(f.Engines.Sets) != 0 {
		t.Errorf("%+v: want neither controller nor sets", f)
	}
}
