//go:build unix

package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/notebook"
)

// proxySettings adds the module proxy that this machine's go is configured for to a home.
func (h *home) proxySettings() {
	h.t.Helper()
	for _, name := range []string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY", "GOINSECURE"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			h.t.Fatal(err)
		}
		if v := strings.TrimSpace(string(out)); v != "" {
			h.env = append(h.env, name+"="+v)
		}
	}
}

func TestGoparRunsTheModulesNotebook(t *testing.T) {
	h := newHome(t)
	h.proxySettings()
	for _, name := range []string{"modules.ipynb", "gopar.mod", "gopar.sum"} {
		text, err := os.ReadFile(filepath.Join(program.root, "notebooks", name))
		if err != nil {
			t.Fatal(err)
		}
		h.write(name, string(text))
	}
	out := filepath.Join(h.dir, "executed.ipynb")
	for _, round := range []string{"first", "second"} {
		began := time.Now()
		h.ok("gopar", "run", filepath.Join(h.dir, "modules.ipynb"), "-o", out)
		t.Logf("%s run: %v", round, time.Since(began).Round(time.Millisecond))
		checkModules(t, out)
	}
	for _, name := range []string{"gopar.mod", "gopar.sum"} {
		was, err := os.ReadFile(filepath.Join(program.root, "notebooks", name))
		if err != nil {
			t.Fatal(err)
		}
		is, err := os.ReadFile(filepath.Join(h.dir, name))
		if err != nil || string(is) != string(was) {
			t.Errorf("%s pins other versions than before: %v\n%s", name, err, is)
		}
	}
}

func TestStoredOutputsOfTheModulesNotebookAreReal(t *testing.T) {
	checkModules(t, filepath.Join(program.root, "notebooks", "modules.ipynb"))
}

// checkModules looks for what each module of an executed notebook was used for.
func checkModules(t *testing.T, path string) {
	t.Helper()
	n, err := notebook.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"uuid": "3fb4e12a-c19b-52cb-b41b-a2e5e6c525c7", "gonum": "5 2 80", "mat": "⎡ 1.0", "lo": "map[no:1000977 se:362133]",
		"humanize": "83 MB, 709,037, 193rd", "stats": "2.5", "cast": "50", "sqlite": "<nil>", "sqlite-query": "1363110 Oslo <nil>",
		"xtext": "1.363.110", "toml": "{lab [{8} {4}]} <nil>", "yaml": "cities: 3\nlargest: Oslo", "mod": "gonum.org/v1/plot",
		"plot-svg": "image/svg+xml", "plot-png": "image/png",
	}
	for _, c := range n.Cells {
		var shown strings.Builder
		for _, o := range c.Outputs {
			if o.Type == notebook.Error {
				t.Errorf("cell %s: %s: %s", c.ID, o.Ename, o.Evalue)
			}
			shown.WriteString(o.Text + o.Data.Text())
			for mime := range o.Data {
				shown.WriteString("\n" + mime)
			}
		}
		if text, ok := want[c.ID]; ok && !strings.Contains(shown.String(), text) {
			t.Errorf("cell %s shows %q, not %q", c.ID, shown.String(), text)
		}
		delete(want, c.ID)
	}
	if len(want) > 0 {
		t.Errorf("no cells for %v", want)
	}
}

// The engines have another cache, no Go and no source: the object of a unit has in it what the function uses.
func TestFunctionsThatUseModulesTravel(t *testing.T) {
	h := newHome(t)
	h.proxySettings()
	env := h.env
	h.env = append(h.env, "XDG_CACHE_HOME="+filepath.Join(h.dir, "engines"), "GOPAR_SOURCE="+h.dir, "GOPROXY=off")
	h.startCluster(2)
	h.env = env
	book := func(name string, cells ...string) string {
		t.Helper()
		list := []map[string]any{}
		for _, c := range cells {
			list = append(list, map[string]any{"cell_type": "code", "id": "c" + string(rune('0'+len(list))), "metadata": map[string]any{},
				"execution_count": nil, "outputs": []any{}, "source": c})
		}
		text, err := json.Marshal(map[string]any{"cells": list, "metadata": map[string]any{"kernelspec": map[string]any{
			"display_name": "Go (gopar)", "language": "go", "name": "gopar"}}, "nbformat": 4, "nbformat_minor": 5})
		if err != nil {
			t.Fatal(err)
		}
		return h.write(name, string(text))
	}
	printed := h.ok("gopar", "run", book("travel.ipynb",
		"import \"github.com/google/uuid\"\n\nfunc named(name string) string { return uuid.NewSHA1(uuid.NameSpaceDNS, []byte(name)).String() }",
		"rc := parallel.MustConnect()\nrc[:].Apply(named, \"gopar\")",
		"import \"gonum.org/v1/gonum/stat\"\n\nfunc mean(xs []float64) float64 { return stat.Mean(xs, nil) }\nrc[:].Apply(mean, []float64{1, 2, 6})",
	))
	for _, want := range []string{"[3fb4e12a-c19b-52cb-b41b-a2e5e6c525c7 3fb4e12a-c19b-52cb-b41b-a2e5e6c525c7]", "[3 3]"} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not printed:\n%s", want, printed)
		}
	}
}
