package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/cluster"
	"github.com/gopar-project/gopar/internal/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const site = `default: compute
profiles:
  compute:
    on: slurm
    engines: 16
    queue: long
    walltime: 2:00:00
    memory: 8G
    template: job.sh
    env: {B: "2", A: "1"}
    timeout: 10m
    hub_args: [--hwm=2]
    also: [desk]
  desk:
    on: local
    engines: 2
`

func TestProfileIsWhatStartNeeds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte(site), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "job.sh"), []byte("#!/bin/sh\n{{command}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var o cluster.Options
	if err := f.Apply("", &o); err != nil {
		t.Fatal(err)
	}
	if o.On != "slurm" || o.N != 16 || o.Launch.Queue != "long" || o.Launch.Walltime != 2*time.Hour || o.Launch.Memory != "8G" ||
		o.Launch.Template != "#!/bin/sh\n{{command}}\n" || !reflect.DeepEqual(o.Env, []string{"A=1", "B=2"}) || o.Timeout != 10*time.Minute ||
		!reflect.DeepEqual(o.HubArgs, []string{"--hwm=2"}) || len(o.Sets) != 1 || o.Sets[0].Name != "desk" || o.Sets[0].N != 2 {
		t.Errorf("options %+v", o)
	}
	o = cluster.Options{}
	if err := f.Apply("local", &o); err != nil || o.On != "local" || o.N != 0 {
		t.Errorf("a system's name: %+v, %v", o, err)
	}
	if err := f.Apply("nowhere", &o); err == nil || !strings.Contains(err.Error(), "compute, desk, local") {
		t.Errorf("an unknown name: %v", err)
	}
}

func TestWrongFileIsRefusedWithThePosition(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"unknown word":        {"profiles:\n  a:\n    on: local\n    colour: red\n", `:4:5: unknown field "colour"`},
		"wrong type":          {"profiles:\n  a:\n    on: local\n    engines: many\n", ":4:14: "},
		"no YAML":             {"profiles: [\n", ":1:"},
		"no system":           {"profiles:\n  a:\n    engines: 3\n", ":3:"},
		"unknown system":      {"profiles:\n  a:\n    on: abacus\n", `:3:9: profile a: no such system: "abacus"`},
		"walltime":            {"profiles:\n  a:\n    on: slurm\n    walltime: soon\n", `:4:15: profile a: walltime "soon"`},
		"option of another":   {"profiles:\n  a:\n    on: local\n    queue: x\n", ":3:9: profile a: local: there is no option queue"},
		"missing template":    {"profiles:\n  a:\n    on: slurm\n    template: none.sh\n", ":4:15: profile a: template: "},
		"unknown default":     {"default: b\nprofiles:\n  a:\n    on: local\n", `:1:10: there is no profile "b"`},
		"unknown other":       {"profiles:\n  a:\n    on: local\n    also: [b]\n", `:4:`},
		"system's name":       {"profiles:\n  slurm:\n    on: local\n", `:3:9: profile slurm: the name of a system`},
		"negative engines":    {"profiles:\n  a:\n    on: local\n    engines: -1\n", `:4:`},
		"unreadable time-out": {"profiles:\n  a:\n    on: local\n    timeout: 3\n", `:4:14: profile a: timeout`},
		"same profile twice":  {"profiles:\n  a:\n    on: local\n  a:\n    on: local\n", `:4:3: `},
	} {
		if _, err := config.Parse("config.yaml", []byte(c.text)); err == nil || !strings.HasPrefix(err.Error(), "config.yaml"+c.want) {
			t.Errorf("%s: %v, want config.yaml%s…", name, err, c.want)
		}
	}
}

func TestExampleAndEmptyFilesAreRight(t *testing.T) {
	t.Parallel()
	uncommented := strings.NewReplacer("\n  # ", "\n  ", "\n# default", "\ndefault").Replace(config.Example)
	for _, text := range []string{config.Example, uncommented, "", "# nothing\n"} {
		if _, err := config.Parse("config.yaml", []byte(text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	f, err := config.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if err != nil || len(f.Profiles) != 0 {
		t.Errorf("a missing file: %+v, %v", f, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(site))
	f.Add([]byte(config.Example))
	f.Add([]byte("profiles: {a: {on: local, also: [a]}}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := config.Parse("config.yaml", text)
		if err != nil {
			return
		}
		for name := range file.Profiles {
			var o cluster.Options
			if err := file.Apply(name, &o); err != nil {
				t.Errorf("a profile that was accepted cannot be used: %v", err)
			}
		}
	})
}
