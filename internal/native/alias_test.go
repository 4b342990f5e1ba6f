package native

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestSourcePathUndoesAliases(t *testing.T) {
	for _, test := range []struct{ module, version, path string }{
		{"golang.org/x/sys", "v0.50.0", "golang.org/x/sys/unix"},
		{"github.com/go-zeromq/zmq4", "v1.0.0", "github.com/go-zeromq/zmq4"},
		{"git.sr.ht/~user/m", "", "git.sr.ht/~user/m/v2/p"},
	} {
		l := listed{ImportPath: test.path, Module: &module{Path: test.module, Version: test.version}}
		if got := SourcePath(l.alias()); got != test.path || l.alias() == test.path {
			t.Errorf("%s is compiled as %s, which is imported as %s", test.path, l.alias(), got)
		}
		l.Module.Replace = &replacement{Path: "/a b"}
		if got := SourcePath(l.alias()); got != test.path {
			t.Errorf("%s is compiled as %s, which is imported as %s", test.path, l.alias(), got)
		}
	}
	if got := SourcePath("example.com/a~b"); got != "example.com/a~b" {
		t.Errorf("got %s", got)
	}
}

// The script is run as the go command does, with a tool that shows what it is given.
func TestTheAliasScriptCompletesTheImportConfiguration(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's here")
	flags, err := aliases{"example.com/m/p": "example.com/m~~v1/p"}.flags(dir)
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(dir, "*.sh"))
	if err != nil || len(scripts) != 1 || flags[len(flags)-1] != `-toolexec="`+scripts[0]+`"` {
		t.Fatalf("%v, %q, %v", err, flags, scripts)
	}
	tool, cfg := filepath.Join(dir, "compile"), filepath.Join(dir, "importcfg")
	lines := "packagefile fmt=/f.a\npackagefile example.com/m/p=/p.a\npackagefile exampleXcom/m/p=/x.a\n"
	for name, text := range map[string]string{tool: "#!/bin/sh\ncat \"$3\"\n", cfg: lines} {
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(scripts[0], tool, "-p", "x", cfg).Output()
	if err != nil || string(out) != lines {
		t.Errorf("without -importcfg: %q, %v", out, err)
	}
	out, err = exec.Command(scripts[0], tool, "-pack", "-importcfg", cfg).Output()
	if want := lines + "packagefile example.com/m~~v1/p=/p.a\nimportmap example.com/m/p=example.com/m~~v1/p\n"; err != nil || string(out) != want {
		t.Errorf("got %q, %v", out, err)
	}
	if !strings.HasPrefix(flags[0], "-gcflags=example.com/m/p=-p=") {
		t.Errorf("flags %q", flags)
	}
}
