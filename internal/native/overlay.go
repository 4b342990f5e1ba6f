package native

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Overlay holds packages that modules provide: what cells of one session import beyond the standard library and gopar's own
// packages, with everything these need. It is built for one go.mod and immutable.
type Overlay struct {
	// Roots are the paths that were asked for, sorted.
	Roots []string
	// Packages are all packages by import path, without those the toolchain has anyway.
	Packages map[string]Package
	// Local says that some package comes from a directory, whose contents no version names: the overlay is good for now only.
	Local bool
}

// Package is one package of an Overlay.
type Package struct {
	// Path is the import path, Name what the package clause says.
	Path, Name string
	// As is the path under which it is compiled, if that is another one: the running binary has a package of this path, too.
	As string `json:",omitempty"`
	// Module is the path of the module it belongs to, Version its version; both name what go.mod requires. Replaced is what a
	// replace directive puts in its place, a directory or "path version"; "" without one.
	Module, Version, Replaced string
	// Local says that the module is a directory.
	Local bool
	// Dir is where the source is.
	Dir string
	// File is the archive in gopar's cache.
	File string
	// ID identifies the build of the package and of all it imports.
	ID string
}

// A LoadedError says that a package cannot be used in a version, because the process that runs the cells has another: Go cannot
// unload packages.
type LoadedError struct {
	// Path is the package's, Loaded its module and version in the process, Wanted those that were asked for.
	Path, Loaded, Wanted string
}

// Error implements error.
func (e *LoadedError) Error() string {
	if e.Loaded == e.Wanted {
		return fmt.Sprintf("%s has changed since this session loaded it; %%reset or a restart of the kernel loads it anew", e.Wanted)
	}
	return fmt.Sprintf("this session has loaded %s, and Go cannot unload it; %s is used after %%reset or a restart of the kernel",
		e.Loaded, e.Wanted)
}

// A GoError is what the go command said when it failed.
type GoError struct {
	// Said holds its lines on standard error without those that tell progress.
	Said []string
	// Err is how it ended.
	Err error
}

// Error implements error.
func (e *GoError) Error() string {
	if len(e.Said) == 0 {
		return "go: " + e.Err.Error()
	}
	return strings.Join(e.Said, "\n")
}

// Unwrap returns how the command ended.
func (e *GoError) Unwrap() error { return e.Err }

// silence is how long the go command may say nothing while it resolves and fetches modules, before it is given up: a proxy
// that cannot be reached at all may otherwise keep it for minutes.
const silence = 60 * time.Second

// Source returns the root of gopar's source tree.
func (t *Toolchain) Source() string { return t.source }

// Provides tells whether a package is of the standard library or one of gopar's, so that no other module is needed for it.
func (t *Toolchain) Provides(path string) bool {
	if path == "unsafe" || path == "C" || path == modulePath || strings.HasPrefix(path, modulePath+"/") {
		return true
	}
	if idx := t.current(); idx != nil {
		return idx.Packages[path].Std
	}
	info, err := os.Stat(filepath.Join(t.goroot, "src", filepath.FromSlash(path)))
	return err == nil && info.IsDir()
}

// ModFile says by which go.mod the go command works: File, in place of that of the module in Dir, with the go.sum beside it.
type ModFile struct{ Dir, File string }

// RunGo runs the go command NAME ARG…, with the settings that builds of units have, and returns its standard output.
// said, which may be nil, gets each line of standard error as it comes; when there is none for a minute, the command is ended.
// The error is a *GoError.
func (t *Toolchain) RunGo(ctx context.Context, by ModFile, said func(line string), name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(silence, func() { cancel(errors.New("no answer from the module proxy")) })
	defer timer.Stop()
	return t.goCommand(ctx, by, func(line string) {
		timer.Reset(silence)
		if said != nil {
			said(line)
		}
	}, name, args...)
}

func (t *Toolchain) goCommand(ctx context.Context, by ModFile, said func(string), name string, args ...string) ([]byte, error) {
	cmd := t.command(ctx, t.gobin, append([]string{name, "-modfile=" + by.File}, args...)...)
	cmd.Dir = by.Dir
	var out bytes.Buffer
	var errs lines
	errs.said = said
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	errs.end()
	if err == nil {
		return out.Bytes(), nil
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	kept := slices.DeleteFunc(errs.all, func(l string) bool {
		return !strings.Contains(l, " ") || strings.HasPrefix(l, "go: downloading ") || strings.HasPrefix(l, "go: finding ") || strings.HasPrefix(l, "go: found ")
	})
	return nil, &GoError{Said: kept, Err: err}
}

// lines is a writer that hands on complete lines and keeps the first of them.
type lines struct {
	said func(string)
	all  []string
	part []byte
}

// maxLines bounds what is kept of a command's messages.
const maxLines = 200

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	l.part = append(l.part, b...)
	for {
		line, rest, ok := bytes.Cut(l.part, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		l.add(string(line))
		l.part = rest
	}
}

func (l *lines) end() {
	if len(l.part) > 0 {
		l.add(string(l.part))
		l.part = nil
	}
}

func (l *lines) add(line string) {
	if len(l.all) < maxLines {
		l.all = append(l.all, line)
	}
	if l.said != nil {
		l.said(line)
	}
}

// listed is what go list tells about a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	Standard                      bool
	Deps                          []string
	Module                        *module
}

type module struct {
	Path, Version string
	Main          bool
	Replace       *replacement
}

type replacement struct{ Path, Version string }

// Overlay builds the packages roots, and what they need, by a go.mod, which may be updated, with its go.sum. said gets the go command's progress: "go: downloading …", and the names of packages as
// they are compiled. A package that the running binary has in another version is a *MismatchError. The overlay is not in use
// before SetOverlay.
func (t *Toolchain) Overlay(ctx context.Context, by ModFile, roots []string, said func(line string)) (*Overlay, error) {
	base, err := t.need(ctx, nil)
	if err != nil {
		return nil, err
	}
	list := func(run func(context.Context, ModFile, func(string), string, ...string) ([]byte, error), flags ...string) ([]listed, error) {
		args := slices.Concat([]string{"-mod=mod", "-deps"}, flags, t.flags, []string{"--"}, roots)
		out, err := run(ctx, by, said, "list", args...)
		if err != nil {
			return nil, err
		}
		var all []listed
		for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
			var l listed
			if err := d.Decode(&l); err != nil {
				return nil, fmt.Errorf("go list: %w", err)
			}
			all = append(all, l)
		}
		return all, nil
	}
	// First what it comes to, then the builds: a module that does not fit is refused before anything is compiled.
	host := hostFingerprints(t.exe)
	all, err := list(t.RunGo, "-json=ImportPath,Standard,Deps,Module")
	if err != nil {
		return nil, err
	}
	others, err := t.aliases(all, host)
	if err != nil {
		return nil, err
	}
	flags, err := others.flags(filepath.Join(t.dir, "modules"))
	if err != nil {
		return nil, err
	}
	flags = append(flags, "-v", "-trimpath", "-export", "-buildmode=plugin", "-json=ImportPath,Name,Dir,Export,Standard,Deps,Module")
	if all, err = list(t.goCommand, flags...); err != nil {
		return nil, err
	}
	return t.collect(base, all, host, others, roots)
}

// collect makes an overlay of what go list built.
func (t *Toolchain) collect(base *index, all []listed, host map[string][8]byte, others aliases, roots []string) (*Overlay, error) {
	o := &Overlay{Roots: slices.Compact(slices.Sorted(slices.Values(roots))), Packages: map[string]Package{}}
	deps := map[string][]string{}
	for _, l := range all {
		if l.Export == "" {
			continue // unsafe
		}
		file, err := t.keep(l.Export)
		if err != nil {
			return nil, err
		}
		have, inBase := base.Packages[l.ImportPath]
		as := others[l.ImportPath]
		if want, ok := host[l.ImportPath]; as == "" && (ok || inBase && have.File != file) {
			got, err := archiveFingerprint(file)
			if err == nil && !ok {
				want, err = archiveFingerprint(have.File)
			}
			if err != nil {
				return nil, err
			}
			if got != want {
				return nil, &MismatchError{
					What:   "the package " + l.ImportPath + " comes out different from the one in it",
					Remedy: "rebuild gopar with ./install.sh in " + t.source,
				}
			}
		}
		if inBase && as == "" {
			continue
		}
		p := Package{Path: l.ImportPath, As: as, Name: l.Name, Dir: l.Dir, File: file}
		if m := l.Module; m != nil {
			p.Module, p.Version = m.Path, m.Version
			p.Local = !m.Main && (m.Version == "" || m.Replace != nil && m.Replace.Version == "")
			o.Local = o.Local || p.Local
			if m.Replace != nil {
				p.Replaced = strings.TrimSpace(m.Replace.Path + " " + m.Replace.Version)
			}
		}
		o.Packages[p.Path], deps[p.Path] = p, l.Deps
	}
	for path, p := range o.Packages {
		h := sha256.New()
		for _, d := range append(slices.Sorted(slices.Values(deps[path])), path) {
			if q, ok := o.Packages[d]; ok {
				fmt.Fprintf(h, "%s %s\n", d, filepath.Base(q.File))
			}
		}
		p.ID = hex.EncodeToString(h.Sum(nil)[:12])
		o.Packages[path] = p
	}
	return o, nil
}

// SetOverlay makes the packages of o available to Export and Build, in place of those of the overlay before; nil: none. It
// returns a *LoadedError, and changes nothing, when a package that Build has linked is another one in o.
func (t *Toolchain) SetOverlay(o *Overlay) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for path, was := range t.linked {
		if o == nil {
			break
		}
		if p, ok := o.Packages[path]; ok && p.ID != was.ID {
			return &LoadedError{Path: path, Loaded: was.what(), Wanted: p.what()}
		}
	}
	t.overlay = o
	return nil
}

func (p Package) what() string {
	if p.Replaced != "" {
		return fmt.Sprintf("%s (%s)", p.Path, p.Replaced)
	}
	return fmt.Sprintf("%s %s", p.Path, p.Version)
}

// Linked returns the paths of the overlays' packages that units built so far import, sorted.
func (t *Toolchain) Linked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.linked))
}

// Unload is called when the process that opened the units has been replaced by one that opens none of them again.
func (t *Toolchain) Unload() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.linked = nil
}

// linking notes the packages of modules that a unit is linked with.
func (t *Toolchain) linking(u *Unit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, path := range u.Imports {
		if p, ok := t.extraLocked(path); ok {
			if t.linked == nil {
				t.linked = map[string]Package{}
			}
			t.linked[p.Path] = p
		}
	}
}

// extra returns a package of the overlay in use.
func (t *Toolchain) extra(path string) (Package, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.extraLocked(path)
}

func (t *Toolchain) extraLocked(path string) (Package, bool) {
	if t.overlay == nil {
		return Package{}, false
	}
	source := SourcePath(path)
	p, ok := t.overlay.Packages[source]
	return p, ok && (source == path || p.As == path)
}

// CompiledPath is the path under which the package is compiled that source imports by path.
func (t *Toolchain) CompiledPath(path string) string {
	if p, ok := t.extra(path); ok && p.As != "" {
		return p.As
	}
	return path
}

// BuildID identifies the build of a module's package and of all it imports; "" for the standard library and gopar's own. Units
// that import the package have it in their hash.
func (t *Toolchain) BuildID(path string) string {
	p, _ := t.extra(path)
	return p.ID
}

// ModulePackages lists the packages of modules that this session, or an earlier one with the same go.mod, has imported.
func (t *Toolchain) ModulePackages() []Package {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.overlay == nil {
		return nil
	}
	var all []Package
	for _, path := range t.overlay.Roots {
		if p, ok := t.overlay.Packages[path]; ok {
			all = append(all, p)
		}
	}
	return all
}

// overlayConfig is the part of an import configuration that names the overlay's packages: what the compiler and the linker need,
// and what the compiler alone does.
func (t *Toolchain) overlayConfig(idx *index) (files, names []byte) {
	t.mu.Lock()
	o := t.overlay
	t.mu.Unlock()
	if o == nil {
		return nil, nil
	}
	for _, path := range slices.Sorted(maps.Keys(o.Packages)) {
		p := o.Packages[path]
		if p.As != "" {
			files = fmt.Appendf(files, "packagefile %s=%s\n", p.As, p.File)
			names = fmt.Appendf(names, "importmap %s=%s\n", path, p.As)
		} else if _, ok := idx.Packages[path]; !ok {
			files = fmt.Appendf(files, "packagefile %s=%s\n", path, p.File)
		}
	}
	return files, names
}

// ReadOverlay returns the overlay that WriteOverlay saved under a key, if it is whole.
func (t *Toolchain) ReadOverlay(key string) (*Overlay, bool) {
	data, err := os.ReadFile(t.overlayFile(key))
	o := new(Overlay)
	if err != nil || json.Unmarshal(data, o) != nil {
		return nil, false
	}
	for _, p := range o.Packages {
		if _, err := os.Stat(p.File); err != nil {
			return nil, false
		}
	}
	return o, true
}

// WriteOverlay saves an overlay for other sessions of this gopar build. An overlay with packages from directories is not kept.
func (t *Toolchain) WriteOverlay(key string, o *Overlay) error {
	if o.Local {
		return nil
	}
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(t.dir, "modules"), 0o700); err != nil {
		return err
	}
	return writeFile(t.overlayFile(key), data, 0o600)
}

func (t *Toolchain) overlayFile(key string) string {
	return filepath.Join(t.dir, "modules", key+".json")
}

// KeepDir returns the directory of the cache, shared by all gopar builds and not made yet, for what must not be lost and has
// no better place.
func (t *Toolchain) KeepDir(key string) string { return filepath.Join(t.root, "notebooks", key) }

// WorkDir returns a directory of the cache for what has to do with key, and takes its lock until release is called: one
// process at a time works there.
func (t *Toolchain) WorkDir(ctx context.Context, key string) (dir string, release func(), err error) {
	dir = filepath.Join(t.dir, "modules", key)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	release, err = lock(ctx, dir+".lock")
	return dir, release, err
}
