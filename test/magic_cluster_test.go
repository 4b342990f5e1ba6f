//go:build unix

package test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// A notebook without the panel: everything is a command, its tables are text and HTML.
func TestClusterIsACommandOfNotebooks(t *testing.T) {
	h := newHome(t)
	notebook := h.notebook("%cluster", "%cluster start -n 2 --id demo", "%cluster", "%cluster status demo", "%cluster engines",
		"%cluster scale demo 3", "%cluster restart demo --engine 0", "%cluster logs -n 1", "%cluster stop --engine 1", "%cluster list",
		"%cluster stop demo", "%cluster")
	said := h.ok("gopar", "run", "-o", notebook, notebook)
	for _, want := range []string{
		"No clusters. Start one with: %cluster start -n 4",
		"Cluster demo of profile default runs: 2 engines ready in",
		"Cluster demo of profile default: running",
		"Cluster demo of profile default: running, 3 engines registered",
		"Cluster demo of profile default: running, 2 engines registered",
		"gopar-demo-supervisor.log",
		"Cluster demo of profile default is stopped",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not shown in:\n%s", want, said)
		}
	}
	raw, err := os.ReadFile(notebook)
	if err != nil {
		t.Fatal(err)
	}
	var nb struct {
		Cells []struct {
			Outputs []struct {
				Data map[string]any `json:"data"`
			} `json:"outputs"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(raw, &nb); err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[int][]string{
		2: {"<th", "PROFILE", "●</span> running", "demo"},
		3: {"<caption", "Cluster demo of profile default", "engine process 1"},
		4: {"TASK", "●</span> running"},
		9: {"demo"},
	} {
		html := ""
		if outputs := nb.Cells[cell].Outputs; len(outputs) == 1 {
			text, _ := json.Marshal(outputs[0].Data["text/html"]) // it came from JSON
			html = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(text))
		}
		for _, w := range want {
			if !strings.Contains(html, w) {
				t.Errorf("cell %d: %q is not in its HTML %s", cell, w, html)
			}
		}
	}
}
