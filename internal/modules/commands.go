package modules

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/native"
)

// Module is one line of a listing.
type Module struct {
	// Path and Version are what is required.
	Path, Version string
	// Replaced is what stands in its place: a directory, or another module and its version; "": nothing.
	Replaced string
	// Indirect says that cells import none of its packages; others need it.
	Indirect bool
	// Own says that it is a module of the user's that the notebook lies in.
	Own bool
}

// Listing is what a notebook's modules are.
type Listing struct {
	// File is where the versions are kept; it need not exist.
	File string
	// Beside says that File is beside the notebook.
	Beside bool
	// Modules lists those of the user first, then those that cells import, then the others, by path.
	Modules []Module
}

// List tells which modules the notebook has. It starts no process.
func (n *Notebook) List() (Listing, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	in, err := n.read()
	if err != nil {
		return Listing{}, err
	}
	l := Listing{File: n.file()}
	l.Beside = filepath.Dir(l.File) == n.dir
	for _, u := range in.users {
		l.Modules = append(l.Modules, Module{Path: u.mod.path, Replaced: u.dir, Own: true})
	}
	replaced := func(v version) string {
		for _, r := range in.mod.replace {
			if r.old.Path == v.Path && (r.old.Version == "" || r.old.Version == v.Version) {
				return strings.TrimSpace(r.new.Path + " " + r.new.Version)
			}
		}
		return ""
	}
	for _, indirect := range []bool{false, true} {
		for _, r := range in.mod.require {
			if r.indirect == indirect {
				l.Modules = append(l.Modules, Module{Path: r.Path, Version: r.Version, Replaced: replaced(r.version), Indirect: indirect})
			}
		}
	}
	for _, r := range in.mod.replace {
		if in.mod.version(r.old.Path) == "" {
			l.Modules = append(l.Modules, Module{Path: r.old.Path, Version: r.old.Version, Replaced: replaced(r.old)})
		}
	}
	return l, nil
}

// Get pins versions: each argument is the path of a module or a package, with @version, @latest, @none or nothing as for go
// get. Packages are compiled when a cell imports them. say gets lines that tell what is done.
func (n *Notebook) Get(ctx context.Context, args []string, say func(line string)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.change(ctx, func(dir string, in *inputs) error {
		for _, arg := range args {
			path, query, _ := strings.Cut(arg, "@")
			if n.tools.Provides(path) {
				return &Error{Msg: path + " comes with gopar", Remedy: "import it"}
			}
			if err := in.importable([]string{path}); err != nil {
				return err
			}
			next := in.mod.clone()
			if query == "none" {
				next.require = slices.DeleteFunc(next.require, func(r requirement) bool { return r.Path == path })
				if len(next.require) == len(in.mod.require) {
					return &Error{Msg: "gopar.mod does not require " + path}
				}
				in.mod = &next
				continue
			}
			by, err := n.extend(dir, in, longest(in.mod, path))
			if err != nil {
				return err
			}
			if _, err := n.tools.RunGo(ctx, by, progress(say), "get", "--", arg); err != nil {
				return n.explain(ctx, err, by)
			}
			data, err := os.ReadFile(by.File)
			if err != nil {
				return err
			}
			got, err := parse(by.File, data)
			if err != nil {
				return err
			}
			module := longest(got, path)
			if module == "" {
				return &Error{Msg: "go get did not find the module of " + path}
			}
			next.set(module, got.version(module), true)
			if in.sums, err = os.ReadFile(filepath.Join(dir, "go.sum")); err != nil {
				return err
			}
			in.mod = &next
		}
		return nil
	}, say)
}

// longest finds the required module that has a package of that path, by its path.
func longest(m *modfile, path string) string {
	best := ""
	for _, r := range m.require {
		if (path == r.Path || strings.HasPrefix(path, r.Path+"/")) && len(r.Path) > len(best) {
			best = r.Path
		}
	}
	return best
}

// Replace has a directory, relative to the notebook's folder, stand in the place of a module; an empty one ends that.
func (n *Notebook) Replace(ctx context.Context, path, dir string, say func(line string)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.change(ctx, func(_ string, in *inputs) error {
		next := in.mod.clone()
		next.replace = slices.DeleteFunc(next.replace, func(r replacement) bool { return r.old.Path == path })
		if dir == "" {
			if len(next.replace) == len(in.mod.replace) {
				return &Error{Msg: "gopar.mod does not replace " + path}
			}
			in.mod = &next
			return nil
		}
		if !filepath.IsAbs(dir) && !strings.HasPrefix(dir, ".") {
			dir = "./" + dir // else it were a module's path
		}
		full := version{Path: dir}.under(n.dir).Path
		file := filepath.Join(full, "go.mod")
		data, err := os.ReadFile(file)
		if err != nil {
			return &Error{Msg: err.Error(), Remedy: "the directory must be that of a module's go.mod", Err: err}
		}
		m, err := parse(file, data)
		if err != nil {
			return err
		}
		if m.path != path {
			return &Error{Msg: fmt.Sprintf("the module in %s is %s, not %s", full, m.path, path), Remedy: fmt.Sprintf("%%mod replace %s=%s", m.path, dir)}
		}
		next.replace = append(next.replace, replacement{version{Path: path}, version{Path: dir}})
		in.mod = &next
		return nil
	}, say)
}

// Tidy drops the modules that nothing needs that the session has imported.
func (n *Notebook) Tidy(ctx context.Context, say func(line string)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	roots := slices.Compact(slices.Sorted(slices.Values(slices.Concat(n.roots, n.tools.Linked()))))
	return n.change(ctx, func(dir string, in *inputs) error {
		if len(roots) == 0 {
			return &Error{Msg: "this session has imported nothing from modules", Remedy: "run the notebook first: tidy keeps what its cells import"}
		}
		by, err := n.extend(dir, in, "")
		if err != nil {
			return err
		}
		o, err := n.tools.Overlay(ctx, by, roots, progress(say))
		if err != nil {
			return n.explain(ctx, err, by)
		}
		next := in.mod.clone()
		next.require = nil
		next.pin(o, in)
		for _, r := range in.mod.require { // versions that count although no package is used may still be what selects others
			if next.version(r.Path) == "" && say != nil {
				say("dropped " + r.Path + " " + r.Version)
			}
		}
		in.mod = &next
		return nil
	}, say)
}

// change edits gopar.mod under the lock of the folder: edit puts a new one in place of in.mod.
func (n *Notebook) change(ctx context.Context, edit func(dir string, in *inputs) error, say func(string)) error {
	dir, release, err := n.workDir(ctx)
	if err != nil {
		return err
	}
	defer release()
	in, err := n.read()
	if err != nil {
		return err
	}
	old := *in
	if err := edit(dir, in); err != nil {
		return err
	}
	if err := n.save(&old, in.mod, in.sums, say); err != nil {
		return err
	}
	n.roots, n.ready = nil, map[string]bool{} // what is imported again is resolved by the new file
	return nil
}

// write saves gopar.mod, and of the go.sum of a build what no other file has.
func (n *Notebook) write(in *inputs, next *modfile, by native.ModFile, say func(string)) error {
	sums, err := os.ReadFile(filepath.Join(filepath.Dir(by.File), "go.sum"))
	if err != nil {
		return fmt.Errorf("modules: %w", err)
	}
	return n.save(in, next, sums, say)
}

// save writes gopar.mod and gopar.sum if they change, and says what is pinned now.
func (n *Notebook) save(in *inputs, next *modfile, sums []byte, say func(string)) error {
	others := in.userSums
	if in.usesHost() {
		others = join(in.hostSums, others)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(join(others))) {
		known[line] = true
	}
	var own []byte
	for line := range strings.Lines(string(join(in.sums, sums))) {
		if !known[line] {
			own = append(own, line...)
		}
	}
	empty := len(next.require)+len(next.replace)+len(next.exclude) == 0
	if empty && in.beside == nil {
		return nil
	}
	file := n.file()
	text := next.text()
	if !bytes.Equal(text, in.mod.text()) || in.beside == nil {
		placed, err := n.place(file, text)
		if err != nil {
			return err
		}
		if placed != file && say != nil {
			say("the folder cannot be written to: versions are kept in " + placed)
		}
		file = placed
		for _, r := range next.require {
			if was := in.mod.version(r.Path); !r.indirect && was != r.Version && say != nil {
				say("pinned " + r.Path + " " + r.Version + " in " + File)
			}
		}
		n.log.V(1).Info("wrote modules", "file", file)
	}
	if !bytes.Equal(own, in.sums) {
		if err := writeFile(filepath.Join(filepath.Dir(file), SumFile), own); err != nil {
			return &Error{Msg: err.Error(), Err: err}
		}
	}
	return nil
}

// place writes gopar.mod, into the cache if the notebook's folder cannot be written to.
func (n *Notebook) place(file string, text []byte) (string, error) {
	err := writeFile(file, text)
	if err == nil {
		return file, nil
	}
	kept := n.tools.KeepDir(n.name())
	if filepath.Dir(file) == kept {
		return "", &Error{Msg: err.Error(), Err: err}
	}
	if _, serr := os.Stat(file); serr == nil { // it is there, and its folder's
		return "", &Error{Msg: err.Error(), Remedy: "the notebook's modules are pinned there: make it writable", Err: err}
	}
	file = filepath.Join(kept, File)
	if err := errors.Join(os.MkdirAll(kept, 0o700), writeFile(file, text)); err != nil {
		return "", &Error{Msg: err.Error(), Err: err}
	}
	return file, nil
}

// writeFile puts data at path so that a reader sees all of it or none.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".gopar-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, which is the point
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
