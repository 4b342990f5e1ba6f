package native

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// index lists the packages units can be compiled against. It is immutable; adding packages makes a new one.
type index struct {
	// Packages maps import paths to archives.
	Packages map[string]archive
	// Importcfg is the file that names all archives for compiler and linker.
	Importcfg string
}

// archive is one compiled package.
type archive struct {
	// File is the archive in gopar's cache (Go trims its own).
	File string
	// Std says that the package belongs to the standard library.
	Std bool `json:",omitempty"`
	// Refused says why the package cannot be used, "" when it can.
	Refused string `json:",omitempty"`
}

// ownPackages are the packages of gopar itself that cells import and that are in the binary; others are added on demand.
func (t *Toolchain) ownPackages() []string {
	host := hostFingerprints(t.exe)
	var own []string
	for _, p := range []string{"internal/unit", "internal/measure", "parallel", "display"} {
		if _, ok := host[modulePath+"/"+p]; ok || host == nil && p != "parallel" && p != "internal/measure" {
			own = append(own, modulePath+"/"+p)
		}
	}
	return own
}

func (t *Toolchain) indexFile() string { return filepath.Join(t.dir, "exports.json") }

func readIndex(file string) (*index, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	idx := new(index)
	if err := json.Unmarshal(data, idx); err != nil {
		return nil, err
	}
	if _, err := os.Stat(idx.Importcfg); err != nil {
		return nil, err
	}
	return idx, nil
}

// Export opens the export data of an importable package, for go/importer's "gc" lookup. A package of gopar's outside the
// prepared set is built first, which may take seconds; one of another module must be in the overlay.
func (t *Toolchain) Export(path string) (io.ReadCloser, error) {
	if p, ok := t.extra(path); ok {
		return os.Open(p.File)
	}
	idx, err := t.need(context.Background(), []string{path}) // detached: go/importer has no context to hand down
	if err != nil {
		return nil, err
	}
	return os.Open(idx.Packages[path].File)
}

// Packages lists the import paths of the standard library that a cell can import, sorted.
func (t *Toolchain) Packages() []string {
	idx := t.current()
	var out []string
	if idx != nil {
		for p, a := range idx.Packages {
			if a.Std && importable(p) {
				out = append(out, p)
			}
		}
		out = append(out, "unsafe")
	} else if data, err := output(t.command(context.Background(), t.gobin, "list", "std")); err == nil { // detached: 0.1 s, no context in the API
		out = slices.DeleteFunc(strings.Fields(string(data)), func(p string) bool { return !importable(p) })
	}
	for _, p := range publicPackages {
		out = append(out, modulePath+"/"+p)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// publicPackages are those of gopar itself that cells import by name.
var publicPackages = []string{"display", "parallel"}

func importable(path string) bool {
	return !slices.ContainsFunc(strings.Split(path, "/"), func(e string) bool { return e == "internal" || e == "vendor" })
}

func (t *Toolchain) current() *index {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.index
}

// need returns an index that has all of paths, preparing what is missing.
func (t *Toolchain) need(ctx context.Context, paths []string) (*index, error) {
	idx := t.current()
	paths = slices.DeleteFunc(slices.Clone(paths), func(p string) bool { _, ok := t.extra(p); return ok })
	if idx == nil || len(idx.missing(paths)) > 0 {
		if idx != nil { // it has the standard library, and asking go about anything else takes long
			for _, p := range idx.missing(paths) {
				if !t.Provides(p) {
					return nil, fmt.Errorf("package %s is neither in the standard library nor in a module that was fetched", p)
				}
			}
		}
		var err error
		if idx, err = t.prepare(ctx, paths, nil); err != nil {
			return nil, err
		}
	}
	for _, p := range paths {
		if p == "unsafe" {
			continue
		}
		if a := idx.Packages[p]; a.Refused != "" {
			return nil, &MismatchError{What: a.Refused, Remedy: "rebuild it with ./install.sh, or: go build -trimpath ./cmd/gopar in " + t.source}
		}
	}
	return idx, nil
}

func (idx *index) missing(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		_, ok := idx.Packages[p]
		return ok || p == "unsafe"
	})
}

// prepare builds the export data of the standard library, of gopar's packages and of extra, and saves the new index. One
// process does it at a time. built, if not nil, is called with the name of each package that had to be compiled.
func (t *Toolchain) prepare(ctx context.Context, extra []string, built func(pkg string)) (*index, error) {
	unlock, err := lock(ctx, filepath.Join(t.dir, "prepare.lock"))
	if err != nil {
		return nil, fmt.Errorf("prepare export data: %w", err)
	}
	defer unlock()
	idx, err := readIndex(t.indexFile())
	var list []string
	switch {
	case err != nil: // first time, or damaged
		idx = &index{Packages: map[string]archive{}}
		list = append(append([]string{"std"}, t.ownPackages()...), extra...)
	default: // another process may have added what is missing here
		list = idx.missing(extra)
	}
	if len(list) > 0 {
		if idx, err = t.extend(ctx, idx, list, built); err != nil {
			return nil, fmt.Errorf("prepare export data: %w", err)
		}
		data, err := json.Marshal(idx)
		if err != nil {
			return nil, fmt.Errorf("prepare export data: %w", err)
		}
		if err := writeFile(t.indexFile(), data, 0o600); err != nil {
			return nil, fmt.Errorf("prepare export data: %w", err)
		}
	}
	t.mu.Lock()
	t.index = idx
	t.mu.Unlock()
	return idx, nil
}

// extend asks go for the archives of list and everything they import, and returns idx with them.
func (t *Toolchain) extend(ctx context.Context, idx *index, list []string, built func(string)) (*index, error) {
	args := append([]string{"list", "-v", "-trimpath", "-export", "-buildmode=plugin", "-deps",
		"-f", "{{if .Export}}{{.ImportPath}}\t{{.Standard}}\t{{.Export}}\t{{join .Deps \",\"}}{{end}}"}, t.flags...)
	cmd := t.command(ctx, t.gobin, append(args, list...)...)
	cmd.Dir = t.source
	out, err := runProgress(cmd, built)
	if err != nil {
		return nil, err
	}
	next := &index{Packages: maps.Clone(idx.Packages)}
	host := hostFingerprints(t.exe)
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) < 3 {
			continue
		}
		if _, ok := next.Packages[f[0]]; ok {
			continue
		}
		a := archive{Std: f[1] == "true"}
		if a.File, err = t.keep(f[2]); err != nil {
			return nil, err
		}
		if want, ok := host[f[0]]; ok {
			got, err := archiveFingerprint(a.File)
			if err != nil {
				return nil, err
			}
			if got != want {
				a.Refused = "the package " + f[0] + " in it was built from other source or with other flags"
			}
		}
		if len(f) > 3 && a.Refused == "" { // -deps lists a package after what it imports
			for _, d := range strings.Split(f[3], ",") {
				if r := next.Packages[d].Refused; r != "" {
					a.Refused = r
				}
			}
		}
		next.Packages[f[0]] = a
	}
	if m := next.missing(slices.DeleteFunc(list, func(p string) bool { return p == "std" })); len(m) > 0 {
		return nil, fmt.Errorf("no export data for %s", strings.Join(m, ", "))
	}
	var cfg bytes.Buffer
	for _, p := range slices.Sorted(maps.Keys(next.Packages)) {
		fmt.Fprintf(&cfg, "packagefile %s=%s\n", p, next.Packages[p].File)
	}
	next.Importcfg = filepath.Join(t.dir, fmt.Sprintf("importcfg-%d", len(next.Packages)))
	return next, writeFile(next.Importcfg, cfg.Bytes(), 0o600)
}

// runProgress runs a go command and reports each package name it prints while it compiles. It returns the standard output.
func runProgress(cmd *exec.Cmd, built func(string)) ([]byte, error) {
	var out bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var said []string
	for sc := bufio.NewScanner(stderr); sc.Scan(); {
		if len(said) < 200 {
			said = append(said, sc.Text())
		}
		if built != nil && !strings.Contains(sc.Text(), " ") {
			built(sc.Text())
		}
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.Join(said, "\n"))
	}
	return out.Bytes(), nil
}

// keep puts an archive of Go's build cache, which Go trims, into gopar's own: a hard link where possible. The files of Go's
// cache are named by their contents, so gopar builds share them.
func (t *Toolchain) keep(file string) (string, error) {
	dir := filepath.Join(t.root, "archives")
	dst := filepath.Join(dir, filepath.Base(file)+".a")
	if _, err := os.Stat(dst); err == nil {
		return dst, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.Link(file, dst); err == nil || errors.Is(err, os.ErrExist) {
		return dst, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	return dst, writeFile(dst, data, 0o600)
}
