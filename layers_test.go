// Package gopar_test holds the rules that concern the whole repository: who may import whom, and what only main may do.
package gopar_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/gopar-project/gopar"

// A layer is one package's row: what it may import beyond the standard library. The reason says what the package is for,
// so that a new row is a decision and not a by-product. docs/architecture.md shows the picture.
type layer struct {
	path    string // below the module
	reason  string
	imports []string // packages of this module
	modules []string // packages of other modules, with those below them
}

const (
	logr    = "github.com/go-logr/logr"
	uuid    = "github.com/gofrs/uuid"
	cobra   = "github.com/spf13/cobra"
	pflag   = "github.com/spf13/pflag"
	yaegi   = "github.com/traefik/yaegi"
	zmq4    = "github.com/go-zeromq/zmq4"
	xsys    = "golang.org/x/sys"
	xcrypto = "golang.org/x/crypto"
	xterm   = "golang.org/x/term"
	stdr    = "github.com/go-logr/stdr"
	pprof   = "github.com/google/pprof/profile"
	xtools  = "golang.org/x/tools/go/analysis"
	sqlite  = "modernc.org/sqlite"
	pgx     = "github.com/jackc/pgx/v5"
	metrics = "github.com/prometheus/client_golang"
	yaml    = "github.com/goccy/go-yaml"
)

// layers lists every package, the lowest first. A row may import only rows above it: imports point down.
var layers = []layer{
	{"internal/unit", "what compiled cells link against: their variables, their stop flag", nil, nil},
	{"internal/memory", "large buffers that are used again", nil, nil},
	{"display", "how values look; users import it", nil, nil},
	{"internal/measure", "what magics call in the process of the cells: timing, profiles", []string{"display", "internal/unit"}, []string{pprof}},
	{"kernelspec", "kernel specifications on disk; users import it", nil, nil},
	{"labextension", "the panel of JupyterLab as built, and its installation", nil, nil},
	{"internal/sched", "the pure scheduler", nil, nil},
	{"internal/zmtp", "ZeroMQ sockets", []string{"internal/memory"}, []string{logr, zmq4, xcrypto}},
	{"internal/jupyter", "Jupyter messages and connections", []string{"internal/zmtp"}, []string{logr, uuid}},
	{"internal/jupyter/jupytertest", "a fake front end for tests", []string{"internal/jupyter", "internal/zmtp"}, []string{logr}},
	{"internal/proto", "messages among client, hub and engines; connection files and the keys in them", []string{"internal/jupyter", "internal/zmtp"}, nil},
	{"internal/journal", "what happened, on disk, for a process that is killed", nil, []string{logr, xsys}},
	{"internal/store", "finished tasks: kept, found, bounded", []string{"internal/proto"}, []string{logr, sqlite, pgx}},
	{"internal/codec", "Go values and functions as frames", []string{"internal/unit"}, nil},
	{"internal/native", "building units, and their cache", nil, []string{logr, xsys}},
	{"internal/modules", "the modules of a notebook: which, in which version, from where", []string{"internal/native"}, []string{logr}},
	{"internal/launch", "starting processes: one launcher a file", nil, []string{logr, xsys}},
	{"internal/launch/launchtest", "the conformance suite of launchers", []string{"internal/launch"}, []string{logr}},
	{"internal/cluster", "starting, finding and stopping clusters",
		[]string{"internal/launch", "internal/proto", "internal/jupyter", "internal/zmtp"}, []string{logr, xsys}},
	{"internal/config", "the user's configuration file: profiles of sites", []string{"internal/cluster", "internal/launch"}, []string{logr, yaml}},
	{"internal/panel", "the kernel's side of the clusters panel; the kernel itself knows no cluster, so main gives it to it",
		[]string{"internal/cluster", "internal/config", "internal/launch", "internal/proto"}, []string{logr}},
	{"parallel", "driving a cluster; users import it",
		[]string{"display", "internal/cluster", "internal/config", "internal/launch", "internal/codec", "internal/proto", "internal/jupyter", "internal/zmtp", "internal/unit"},
		[]string{logr, uuid}},
	{"internal/interp/symbols", "tables of host functions for the interpreter",
		[]string{"display", "parallel", "internal/measure", "internal/unit"}, []string{yaegi}},
	{"internal/interp", "interpreting straight-line cells; the only user of the interpreter",
		[]string{"internal/interp/symbols", "internal/unit"}, []string{yaegi}},
	{"internal/vet", "what go vet says of a cell", nil, []string{xtools}},
	{"internal/eval", "interpreting units where they cannot be compiled", []string{"internal/interp/symbols", "internal/unit"}, nil},
	{"internal/cell", "the front end: parse, check, lower; it makes units and scripts",
		[]string{"internal/vet", "internal/native", "internal/interp", "internal/unit"}, nil},
	{"internal/runner", "the process in which cells run, and the handle on it",
		[]string{"display", "internal/codec", "internal/eval", "internal/interp", "internal/memory", "internal/native", "internal/unit"}, []string{logr, xsys}},
	{"internal/notebook", "notebook files, and the client that runs them",
		[]string{"kernelspec", "internal/jupyter", "internal/zmtp"}, []string{logr}},
	{"kernel", "the Jupyter kernel",
		[]string{"display", "internal/cell", "internal/eval", "internal/runner", "internal/modules", "internal/native", "internal/interp", "internal/jupyter"}, []string{logr, xsys}},
	{"hub", "the hub: sockets, registry, relays, task store",
		[]string{"internal/sched", "internal/proto", "internal/jupyter", "internal/zmtp", "internal/store", "internal/journal"}, []string{logr, uuid, metrics}},
	{"engine", "the kernel, dialing a hub, that also applies functions",
		[]string{"kernel", "display", "internal/proto", "internal/codec", "internal/jupyter", "internal/zmtp", "internal/runner", "internal/native"},
		[]string{logr, uuid, xsys}},
}

// tops are programs: they may import everything above, and nothing may import them.
var tops = map[string][]string{
	"cmd/gopar": {cobra, pflag, yaml, logr, stdr, xterm, xsys},
	"bench":     {logr},
	"test":      nil,
}

// forbidden is what must not be reached even through others, with the reason.
var forbidden = []struct{ from, to, reason string }{
	{"hub", "internal/cell", "the hub routes and never decodes what tasks carry"},
	{"hub", "internal/runner", "the hub runs no user code"},
	{"hub", "internal/codec", "the hub routes and never decodes what tasks carry"},
	{"hub", "kernel", "the hub is no kernel"},
	{"hub", "parallel", "the hub is no client of itself"},
	{"parallel", "kernel", "compiled programs import parallel"},
	{"parallel", "engine", "compiled programs import parallel"},
	{"parallel", "hub", "compiled programs import parallel"},
	{"parallel", "internal/runner", "compiled programs import parallel"},
	{"internal/jupyter", "internal/interp", "the protocol knows no interpreter"},
	{"internal/jupyter", "internal/cluster", "the protocol knows no cluster"},
}

type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	CgoFiles   []string
	Imports    []string
	Deps       []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,GoFiles,CgoFiles,Imports,Deps", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// below is the path of an import below the module; ok is false for other modules.
func below(path string) (rel string, ok bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	rows := map[string]layer{}
	for i, l := range layers {
		for _, imported := range l.imports {
			if j := slices.IndexFunc(layers, func(l layer) bool { return l.path == imported }); j < 0 || j >= i {
				t.Errorf("row %s: %s is not a row before it", l.path, imported)
			}
		}
		rows[l.path] = l
	}
	for _, p := range packages(t) {
		rel, _ := below(p.ImportPath)
		if rel == "." || len(p.GoFiles)+len(p.CgoFiles) == 0 {
			continue // only tests
		}
		row, known := rows[rel]
		modules, top := tops[rel]
		if !known && !top {
			t.Errorf("%s has no row in layers_test.go: add one, with its reason", rel)
			continue
		}
		if known {
			modules = row.modules
		}
		for _, path := range p.Imports {
			inner, ours := below(path)
			switch {
			case ours && top:
				if _, isTop := tops[inner]; isTop {
					t.Errorf("%s imports the program %s", rel, inner)
				}
			case ours && !slices.Contains(row.imports, inner):
				t.Errorf("%s must not import %s", rel, inner)
			case !ours && foreign(path) && !slices.ContainsFunc(modules, func(m string) bool {
				return path == m || strings.HasPrefix(path, m+"/")
			}):
				t.Errorf("%s must not import %s (docs/dependencies.md)", rel, path)
			}
		}
	}
}

// foreign tells whether an import belongs to another module rather than the standard library.
func foreign(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

func TestForbiddenPackagesAreNotReached(t *testing.T) {
	t.Parallel()
	pkgs := packages(t)
	for _, f := range forbidden {
		for _, p := range pkgs {
			if p.ImportPath == module+"/"+f.from && slices.Contains(p.Deps, module+"/"+f.to) {
				t.Errorf("%s reaches %s: %s", f.from, f.to, f.reason)
			}
		}
	}
}

// exits are calls that end the process.
var exits = map[string][]string{
	"os":  {"Exit"},
	"log": {"Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"},
}

// mayExit names the files besides main's that end the process, with the reason.
var mayExit = map[string]string{
	"parallel/program.go": "Init is the main of the copy of a program that an engine runs",
}

// impure is what the scheduler, whose tests feed it events and compare actions, must not touch. A seeded generator is pure.
var impure = []string{"os", "net", "io", "log", "log/slog", "math/rand", "crypto/rand", "sync", "context", logr}

func TestOnlyMainExitsAndTheSchedulerIsPure(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		rel, _ := below(p.ImportPath)
		if rel == "internal/sched" {
			for _, path := range p.Imports {
				if slices.Contains(impure, path) {
					t.Errorf("internal/sched imports %s", path)
				}
			}
		}
		for _, name := range p.GoFiles {
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				at := func() token.Position { return fset.Position(n.Pos()) }
				switch n := n.(type) {
				case *ast.GoStmt:
					if rel == "internal/sched" {
						t.Errorf("%v: the scheduler starts a goroutine", at())
					}
				case *ast.SelectorExpr:
					of, ok := n.X.(*ast.Ident)
					if !ok {
						break
					}
					if slices.Contains(exits[of.Name], n.Sel.Name) && file.Name.Name != "main" && mayExit[rel+"/"+name] == "" {
						t.Errorf("%v: only main may call %s.%s; see mayExit", at(), of.Name, n.Sel.Name)
					}
					if rel == "internal/sched" && of.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "After", "NewTimer"}, n.Sel.Name) {
						t.Errorf("%v: the scheduler reads a clock", at())
					}
				}
				return true
			})
		}
	}
}
