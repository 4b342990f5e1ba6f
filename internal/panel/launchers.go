package panel

import (
	"maps"
	"os/exec"
	"slices"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/config"
	"github.com/gopar-project/gopar/internal/launch"
)

// launcher is a way in which engines can be started from here.
type launcher struct {
	Name    string `json:"name"` // of a system, or of a profile of the configuration file
	Kind    string `json:"kind"` // the system
	Title   string `json:"title"`
	Engines int    `json:"engines"` // what the profile says; 0: nothing
}

// programs are those without which a system cannot be used.
var programs = map[string]string{
	"slurm": "sbatch", "pbs": "qsub", "sge": "qsub", "lsf": "bsub", "htcondor": "condor_submit", "ssh": "ssh", "mpi": "mpiexec",
	"kubernetes": "kubectl", "docker": "docker",
}

// launchers returns the systems whose programs are here, and the profiles of the
// configuration file. The error is that of the file; the systems are there all the
// same.
func launchers() ([]launcher, error) {
	var all []launcher
	for _, kind := range launch.Kinds() {
		if p := programs[kind]; p != "" {
			if _, err := exec.LookPath(p); err != nil {
				continue
			}
		}
		all = append(all, launcher{Name: kind, Kind: kind, Title: launch.Title(kind)})
	}
	file, err := configuration()
	if err != nil {
		return all, err
	}
	for _, name := range slices.Sorted(maps.Keys(file.Profiles)) {
		p := file.Profiles[name]
		kind := p.On
		if kind == "" {
			kind = "local"
		}
		all = slices.DeleteFunc(all, func(l launcher) bool { return l.Name == name }) // a profile wins, as for --on
		all = append(all, launcher{Name: name, Kind: kind, Title: name + " (" + launch.Title(kind) + ")", Engines: p.Engines})
	}
	return all, nil
}

func configuration() (*config.File, error) {
	path, err := config.Path()
	if err != nil {
		return nil, err
	}
	return config.Load(path)
}

// options is what has to be started for a definition.
func (d definition) options(c Config) (cluster.Options, error) {
	file, err := configuration()
	if err != nil {
		return cluster.Options{}, err
	}
	var o cluster.Options
	name := d.Launcher
	if name == "" {
		name = "local"
	}
	if err := file.Apply(name, &o); err != nil {
		return cluster.Options{}, err
	}
	o.N, o.ID, o.ProfileDir, o.Exe, o.Log = d.N, d.ID, d.ProfileDir, c.Exe, c.Log
	o.Launch = o.Launch.With(d.Launch)
	o.Env = append(o.Env, d.Env...)
	if d.Dir != "" {
		o.Dir = d.Dir
	}
	if o.Dir == "" {
		o.Dir = c.Dir
	}
	if d.Restarts != 0 {
		o.Restarts = d.Restarts
	}
	if d.Curve {
		o.HubArgs = append(o.HubArgs, "--enable-curve")
	}
	return o, nil
}
