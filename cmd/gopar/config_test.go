package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigCommand(t *testing.T) {
	t.Parallel()
	g := buildGopar(t)
	path := filepath.Join(t.TempDir(), "site", "config.yaml")
	g.env = append(g.env, "GOPAR_CONFIG="+path)
	if out := g.run(0, "config", "show"); out != "" {
		t.Errorf("without a file, show prints %q", out)
	}
	g.run(0, "config", "check")
	if out := g.run(0, "config", "init"); out != path+"\n" {
		t.Errorf("init says %q", out)
	}
	g.run(1, "config", "init") // it keeps what is there
	if out := g.run(0, "config", "check"); !strings.Contains(out, "1 profiles, no errors") {
		t.Errorf("check says %q", out)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("default: big\nprofiles:\n  big:\n    on: slurm\n    engines: 7\n    queue: long\n    memory: 4G\n")
	if out := g.run(0, "config", "show", "big"); !strings.Contains(out, "queue: long") {
		t.Errorf("show prints %q", out)
	}
	var shown struct{ Queue string }
	g.decode(&shown, "config", "show", "big")
	if shown.Queue != "long" {
		t.Errorf("show --json prints %+v", shown)
	}
	g.run(1, "config", "show", "small")
	// The profile is the default one; flags win over it.
	script := g.run(0, "cluster", "render", "--queue", "short", "--directive=--exclusive")
	for _, want := range []string{"--array=0-6\n", "--partition=short\n", "--mem=4G\n", "--exclusive\n"} {
		if !strings.Contains(script, "#SBATCH "+want) {
			t.Errorf("no %q in\n%s", want, script)
		}
	}
	if out := g.run(0, "cluster", "render", "--on", "local", "-n", "2"); strings.Count(out, "setsid") != 2 {
		t.Errorf("two engines here are\n%s", out)
	}
	g.run(1, "cluster", "render", "--on", "local", "--queue", "short")
	g.run(1, "cluster", "render", "--on", "abacus")
	g.run(1, "cluster", "render", "--walltime", "soon")
	if out := g.run(0, "__complete", "cluster", "start", "--on", ""); !strings.Contains(out, "big\n") || !strings.Contains(out, "slurm\n") {
		t.Errorf("completion of --on is %q", out)
	}
	write("profiles:\n  big:\n    on: slurm\n    queues: long\n")
	g.run(exitBadConfig, "config", "check")
	g.run(1, "cluster", "render")
}
