//go:build unix

package launch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
)

// renderSlurm returns the script of a job, or why there is none.
func renderSlurm(o launch.Options, j launch.Job) (string, error) {
	l, err := launch.NewSlurm(o, logr.Discard())
	if err != nil {
		return "", err
	}
	return l.Render(j)
}

// batchJob is a job that is rendered, not run.
var batchJob = launch.Job{
	Name: "gopar-demo-engines-1", Exe: "/opt/gopar", Args: []string{"engine", "--file=/home/me/a b.json"},
	Env: []string{"IPP_CLUSTER_ID=demo"}, Dir: "/home/me/my work", LogDir: "/home/me/100%", First: 2, N: 3,
}

func TestSlurmScriptHoldsAllOptions(t *testing.T) {
	script, err := renderSlurm(launch.Options{
		Queue: "long", Account: "physics", QOS: "high", Walltime: 90*time.Minute + time.Second, CPUs: 4, Memory: "8G",
		GPUs: "a100:1", Throttle: 2, Directives: []string{"--constraint=fast", "#SBATCH --exclusive"}, Prologue: "module load go",
		Reservation: "course", Epilogue: "echo over",
	}, batchJob)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"--job-name=gopar-demo-engines-1", "--array=2-4%2", `--output="/home/me/100%%/gopar-demo-engines-1-%a.log"`,
		"--open-mode=append", "--partition=long", "--account=physics", "--qos=high", "--mem=8G", "--gpus-per-task=a100:1",
		"--cpus-per-task=4", "--time=1:30:01", "--signal=B:XCPU@30", "--constraint=fast", "--exclusive", "--reservation=course",
	} {
		if !strings.Contains(script, "#SBATCH "+want+"\n") {
			t.Errorf("no directive %s", want)
		}
	}
	for _, want := range []string{
		"#!/bin/sh\n", "\nexport IPP_CLUSTER_ID=demo\n", "\ncd '/home/me/my work' || exit 1\n", "\nmodule load go\n",
		"setsid /opt/gopar engine '--file=/home/me/a b.json' </dev/null &", "\necho over\n",
	} {
		if !strings.Contains(script, want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() {
		t.Log(script)
	}
}

func TestSlurmMergesDirectivesIntoTheUsersTemplateOrRefuses(t *testing.T) {
	const mine = "#!/bin/bash\n#SBATCH --comment=mine\n# a remark\n\nulimit -n 9999\n{{command}}\necho never reached\n"
	script, err := renderSlurm(launch.Options{Queue: "long", Template: mine}, batchJob)
	if err != nil {
		t.Fatal(err)
	}
	if at, own := strings.Index(script, "ulimit"), strings.Index(script, "--partition=long"); !strings.HasPrefix(script, "#!/bin/bash\n#SBATCH --comment=mine\n") || own < 0 || at < own {
		t.Errorf("the directives do not stand before the first command:\n%s", script)
	}
	for name, c := range map[string]struct {
		o    launch.Options
		want string
	}{
		"nodes of an array":      {launch.Options{Nodes: 2}, "allocation"},
		"unknown mode":           {launch.Options{Mode: "both"}, "mode"},
		"hosts":                  {launch.Options{Hosts: []string{"a"}}, "no option hosts"},
		"both set the partition": {launch.Options{Queue: "a", Template: "#!/bin/sh\n#SBATCH -p b\n{{command}}\n"}, "exclude each other"},
		"sets the array":         {launch.Options{Template: "#!/bin/sh\n#SBATCH --array=1-9\n{{command}}\n"}, "exclude each other"},
		"sets the output":        {launch.Options{Template: "#!/bin/sh\n#SBATCH -o x\n{{command}}\n"}, "exclude each other"},
		"no command":             {launch.Options{Template: "#!/bin/sh\ngopar engine\n"}, "{{command}}"},
		"late directive":         {launch.Options{Template: "#!/bin/sh\n\n#SBATCH --exclusive\n{{command}}\n"}, "too late"},
		"no interpreter":         {launch.Options{Template: "{{command}}\n"}, "#!"},
		"directive of gopar's":   {launch.Options{Directives: []string{"--array=1"}}, "itself"},
		"no directive":           {launch.Options{Directives: []string{"exclusive"}}, "want an option"},
		"two lines in one":       {launch.Options{Queue: "a\n#SBATCH -A b"}, "blanks"},
	} {
		if _, err := renderSlurm(c.o, batchJob); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	j := batchJob
	j.LogDir = `/home/me/"quoted"`
	if _, err := renderSlurm(launch.Options{}, j); err == nil {
		t.Error("a log directory that Slurm cannot write to is accepted")
	}
}

func TestSlurmScriptOfAnAllocationStartsAllTasksTogether(t *testing.T) {
	script, err := renderSlurm(launch.Options{
		Mode: launch.ModeAllocation, Nodes: 2, Memory: "2G", Walltime: time.Hour, Skip: []string{"output"}, Prologue: "module load go",
	}, batchJob)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"#SBATCH --ntasks=3\n", "#SBATCH --nodes=2\n", "#SBATCH --mem-per-cpu=2G\n", "#SBATCH --signal=B:XCPU@30\n",
		"\nmodule load go\n", "\nsrun --kill-on-bad-exit=0 --input=none sh -c ",
	} {
		if !strings.Contains(script, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(script, "--output") || strings.Contains(script, "--array") {
		t.Error("a directive that is skipped, or an array's, is there")
	}
	if t.Failed() {
		t.Log(script)
	}
	if _, err := renderSlurm(launch.Options{Mode: launch.ModeAllocation, Memory: "2G", CPUs: 2}, batchJob); err == nil {
		t.Error("memory per task with several processors is accepted, though Slurm cannot say it")
	}
}

func TestWalltimeIsReadAsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "2h30m": 150 * time.Minute, "1:30:00": 90 * time.Minute, "2-12:00:00": 60 * time.Hour, "00:00:30": 30 * time.Second,
	} {
		if got, err := launch.ParseWalltime(text); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0s", "-1h", "1:30", "1:60:00", "1:00:60", "a:b:c", "1-", "0:00:00", "1:2:3:4"} {
		if got, err := launch.ParseWalltime(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
