package cluster

import (
	"strconv"

	"github.com/gopar-project/gopar/internal/launch"
)

// ippCluster is ipyparallel's cluster file, with the very keys its own
// Cluster.to_dict writes: a file that differs from what it would write itself
// is rewritten by it on sight.
type ippCluster struct {
	Cluster    ippInfo        `json:"cluster"`
	Controller *ippController `json:"controller,omitempty"`
	Engines    ippEngines     `json:"engines"`
}

type ippInfo struct {
	ClusterID          string   `json:"cluster_id"`
	ControllerArgs     []string `json:"controller_args"`
	ControllerIP       string   `json:"controller_ip"`
	ControllerLocation string   `json:"controller_location"`
	Delay              float64  `json:"delay"`
	N                  int      `json:"n"`
	ProfileDir         string   `json:"profile_dir"`
	Class              string   `json:"class"`
}

type ippController struct {
	Class string     `json:"class"`
	State ippProcess `json:"state"`
}

// ippProcess is a LocalProcessLauncher.
type ippProcess struct {
	ClusterID  string `json:"cluster_id"`
	OutputFile string `json:"output_file"`
	PID        int    `json:"pid"`
	ProfileDir string `json:"profile_dir"`
	State      string `json:"state"`
}

// ippEngine is a LocalEngineLauncher.
type ippEngine struct {
	ippProcess
	N int `json:"n"`
}

// ippSet is a LocalEngineSetLauncher, which has no process of its own: PID -1.
type ippSet struct {
	ClusterID  string               `json:"cluster_id"`
	N          int                  `json:"n"`
	PID        int                  `json:"pid"`
	ProfileDir string               `json:"profile_dir"`
	State      string               `json:"state"`
	Engines    map[string]ippEngine `json:"engines"`
}

type ippEngines struct {
	Class string            `json:"class"`
	Sets  map[string]ippSet `json:"sets"`
}

// ippFile returns what ipyparallel should see: the hub and the engines that
// have not ended.
func (s *state) ippFile() *ippCluster {
	ended := make(map[string]bool)
	for _, t := range s.Tasks {
		if t.State == launch.Done {
			ended[taskName(t.Job, t.Index)] = true
		}
	}
	process := func(rec *launch.Record, k int) (ippProcess, bool) {
		i := rec.First + k
		return ippProcess{
			ClusterID: s.ID, ProfileDir: s.ProfileDir, State: "running",
			PID: rec.Procs[k].PID, OutputFile: rec.LogFile(i),
		}, !ended[taskName(rec.Name, i)] && (rec == s.Hub || s.slot(rec.Name, i) != nil && s.slot(rec.Name, i).ID == rec.ID)
	}
	f := &ippCluster{
		Cluster: ippInfo{
			ClusterID: s.ID, ControllerArgs: []string{}, Delay: 1, N: s.Spec.engines(), ProfileDir: s.ProfileDir,
			Class: "ipyparallel.cluster.cluster.Cluster",
		},
		Engines: ippEngines{Class: "local", Sets: map[string]ippSet{}},
	}
	if s.Hub != nil && len(s.Hub.Procs) > 0 {
		if p, alive := process(s.Hub, 0); alive {
			f.Controller = &ippController{Class: "local", State: p}
		}
	}
	for i, rec := range s.Engines {
		set := ippSet{ClusterID: s.ID, PID: -1, ProfileDir: s.ProfileDir, State: "running", Engines: map[string]ippEngine{}}
		for k := range rec.Procs {
			if p, alive := process(rec, k); alive {
				set.Engines[strconv.Itoa(rec.First+k)] = ippEngine{ippProcess: p, N: 1}
			}
		}
		// A set without living engines makes ipyparallel fail to load the file.
		if set.N = len(set.Engines); set.N > 0 {
			f.Engines.Sets[strconv.Itoa(i+1)] = set
		}
	}
	return f
}
