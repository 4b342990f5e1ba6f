// Package modules finds the modules whose packages a notebook's cells import: it fetches them, keeps their versions beside the
// notebook, and hands the built packages to the toolchain.
//
// What a notebook needs is in gopar.mod and gopar.sum in the kernel's working directory, which is the notebook's folder; their
// syntax is that of go.mod and go.sum. If that folder lies in a module or a workspace of the user's (go.mod or go.work there or
// above), its packages can be imported, its versions and replacements apply, and its files are read, never written. Where the
// folder cannot be written to, gopar.mod is kept in the cache.
//
// It is no resolver: versions are selected by the go command, for a main module that requires the notebook's and the user's as
// modules of their own, so that the usual selection applies to them. What gopar itself requires has no part in it, since packages
// that the running binary has in another version can be there twice (see package native). Only if one of those modules requires
// gopar is gopar the main module: the packages they want from it must be the very builds in the binary.
//
// Invariants: a Notebook whose cells import nothing from modules starts no process and reads at most one file; gopar.mod is
// only written when what it says changes, and holds every module that the cells' packages come from, with its version.
package modules

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/native"
)

// File and SumFile are the names of the files beside a notebook.
const (
	File    = "gopar.mod"
	SumFile = "gopar.sum"
)

// Config says where the modules of a notebook are kept.
type Config struct {
	// Dir is the notebook's folder. Default: the working directory.
	Dir string
	// Tools builds the packages. It must not be nil.
	Tools *native.Toolchain
	// Log receives what was fetched at V(1). The zero value discards.
	Log logr.Logger
}

// Notebook is the modules of one session. Its methods may be called concurrently; those that take a context may start the go
// command and fetch from the network.
type Notebook struct {
	dir   string
	tools *native.Toolchain
	log   logr.Logger

	mu    sync.Mutex
	roots []string        // packages that this session imports
	ready map[string]bool // those that the overlay in use has
}

// Open returns the modules of the notebook in a folder. Packages that an earlier session imported from the same versions are
// ready at once.
func Open(c Config) (*Notebook, error) {
	dir := c.Dir
	if dir == "" {
		var err error
		if dir, err = os.Getwd(); err != nil {
			return nil, fmt.Errorf("find the notebook's folder: %w", err)
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the notebook's folder: %w", err)
	}
	n := &Notebook{dir: dir, tools: c.Tools, log: c.Log.WithName("modules"), ready: map[string]bool{}}
	if _, err := os.Stat(n.file()); err != nil {
		return n, nil
	}
	in, err := n.read()
	if err != nil {
		return n, nil // said when a module is needed
	}
	if o, ok := n.tools.ReadOverlay(in.key); ok && n.tools.SetOverlay(o) == nil {
		n.have(o)
	}
	return n, nil
}

func (n *Notebook) have(o *native.Overlay) {
	n.ready = map[string]bool{}
	for _, r := range o.Roots {
		n.ready[r] = true
	}
}

// Reset is called when the session has a new process: versions and local directories may have changed since packages were
// loaded.
func (n *Notebook) Reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tools.Unload()
	n.roots, n.ready = nil, map[string]bool{}
	_ = n.tools.SetOverlay(nil) // cannot fail: nothing is loaded
	if in, err := n.read(); err == nil {
		if o, ok := n.tools.ReadOverlay(in.key); ok && n.tools.SetOverlay(o) == nil {
			n.have(o)
		}
	}
}

// An Error says why packages or modules are not to be had.
type Error struct {
	// Msg is what is wrong, in the go command's words where it is the one who found out, Remedy what to do about it; may be "".
	Msg, Remedy string
	// Err is the cause.
	Err error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Remedy == "" {
		return e.Msg
	}
	return e.Msg + "\n\t" + e.Remedy
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Import makes packages available to the cells, and pins the versions of their modules in gopar.mod. Packages of the standard
// library and of gopar need nothing; others that are ready cost nothing. say gets lines that tell what takes time. Errors are
// *Error, or the context's.
func (n *Notebook) Import(ctx context.Context, paths []string, say func(line string)) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var wanted []string
	for _, p := range paths {
		if err := n.internal(p); err != nil {
			return err
		}
		if n.tools.Provides(p) {
			continue
		}
		if !slices.Contains(n.roots, p) {
			wanted = append(wanted, p)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if !slices.ContainsFunc(wanted, func(p string) bool { return !n.ready[p] }) {
		n.roots = append(n.roots, wanted...)
		return nil
	}
	in, err := n.read()
	if err != nil {
		return err
	}
	if err := in.importable(wanted); err != nil {
		return err
	}
	roots := slices.Concat(n.roots, n.tools.Linked(), wanted)
	if o, ok := n.tools.ReadOverlay(in.key); ok && containsAll(o.Roots, roots) {
		return n.use(o, wanted)
	}
	dir, release, err := n.workDir(ctx)
	if err != nil {
		return err
	}
	defer release()
	if in, err = n.read(); err != nil { // another kernel in this folder may have written since
		return err
	}
	if o, ok := n.tools.ReadOverlay(in.key); ok { // packages of earlier sessions stay ready
		roots = append(roots, o.Roots...)
	}
	slices.Sort(roots)
	return n.resolve(ctx, dir, in, slices.Compact(roots), wanted, say)
}

// internal refuses packages that only those beside them may import; cells are beside the user's own.
func (n *Notebook) internal(path string) error {
	elements := strings.Split(path, "/")
	i := slices.Index(elements, "internal")
	if i < 0 {
		return nil
	}
	if in, err := n.read(); err == nil {
		parent := strings.Join(elements[:i], "/") + "/"
		for _, u := range in.users {
			if rest, ok := strings.CutPrefix(parent, u.mod.path+"/"); ok && within(n.dir, filepath.Join(u.dir, rest)) {
				return nil
			}
		}
	}
	return &Error{Msg: "use of internal package " + path + " not allowed", Remedy: "only packages in the folder around internal can import it"}
}

// within tells whether dir is parent or lies in it.
func within(dir, parent string) bool {
	rel, err := filepath.Rel(parent, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// resolve has the go command select, fetch and build, and writes down what it selected.
func (n *Notebook) resolve(ctx context.Context, dir string, in *inputs, roots, wanted []string, say func(string)) error {
	by, err := n.extend(dir, in, "")
	if err != nil {
		return err
	}
	o, err := n.tools.Overlay(ctx, by, roots, progress(say))
	if err != nil {
		return n.explain(ctx, err, by)
	}
	next := in.mod.clone()
	next.pin(o, in)
	if err := n.write(in, &next, by, say); err != nil {
		return err
	}
	if after, err := n.read(); err == nil {
		if err := n.tools.WriteOverlay(after.key, o); err != nil {
			n.log.Error(err, "built packages are not remembered")
		}
	}
	return n.use(o, wanted)
}

func (n *Notebook) use(o *native.Overlay, wanted []string) error {
	if err := n.tools.SetOverlay(o); err != nil {
		return &Error{Msg: err.Error(), Err: err}
	}
	n.roots = append(n.roots, wanted...)
	n.have(o)
	return nil
}

// workDir locks the directory in which go.mod files for this notebook are made.
func (n *Notebook) workDir(ctx context.Context) (string, func(), error) {
	dir, release, err := n.tools.WorkDir(ctx, n.name())
	if err != nil {
		return "", nil, fmt.Errorf("modules: %w", err)
	}
	return dir, release, nil
}

// name is a name for the notebook's folder.
func (n *Notebook) name() string {
	sum := sha256.Sum256([]byte(n.dir))
	return "dir-" + hex.EncodeToString(sum[:8])
}

// quiet is how long compiling takes before it is told, and from one such line to the next.
const quiet = time.Second

// progress turns what the go command says into lines for the user: what is fetched, and what is compiled if it takes long.
func progress(say func(string)) func(string) {
	if say == nil {
		return nil
	}
	last := time.Now()
	return func(line string) {
		switch {
		case strings.HasPrefix(line, "go: downloading "):
			last = time.Now()
			say("fetching " + strings.TrimPrefix(line, "go: downloading "))
		case !strings.Contains(line, " ") && strings.Contains(strings.SplitN(line, "/", 2)[0], ".") && time.Since(last) > quiet:
			last = time.Now()
			say("compiling " + line)
		}
	}
}

// explain turns an error of the toolchain into one for the user.
func (n *Notebook) explain(ctx context.Context, err error, by native.ModFile) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var said *native.GoError
	if !errors.As(err, &said) {
		return &Error{Msg: err.Error(), Err: err}
	}
	var keep []string
	for _, line := range said.Said {
		line = strings.TrimPrefix(line, "go: ")
		if !slices.Contains(keep, line) && !strings.HasPrefix(line, "# ") {
			keep = append(keep, line)
		}
	}
	msg := strings.Join(keep, "\n")
	if msg == "" || said.Err != nil && !strings.HasPrefix(said.Err.Error(), "exit status") {
		msg = strings.TrimSpace(msg + "\n" + said.Err.Error())
	}
	return &Error{Msg: msg, Remedy: n.remedy(ctx, msg, by), Err: err}
}

// remedies say what to do, by what the go command's message contains.
var remedies = []struct{ contains, remedy string }{
	{"disabled by GOPROXY=off", "GOPROXY is off, and the module is not in the module cache: connect and set GOPROXY, or use a local copy: %mod replace PATH=DIR"},
	{"no such host", offline},
	{"connection refused", offline},
	{"network is unreachable", offline},
	{"i/o timeout", offline},
	{"no answer from the module proxy", offline},
	{"but does not contain package", "the module has no such package: check the path"},
	{"requires go >=", "a newer Go is needed: install it and run ./install.sh, or pin an older version: %get PATH@VERSION"},
	{"checksum mismatch", "the module is not what it was when gopar.sum was written: check where it comes from before you remove its lines there"},
	{"use of internal package", "packages called internal can be imported by their own module only"},
	{"404 Not Found", unknown}, {"410 Gone", unknown}, {"403 Forbidden", unknown}, {"400 Bad Request", unknown},
	{"malformed module path", unknown}, {"cannot find module providing", unknown}, {"no required module provides", unknown},
	{"unrecognized import path", unknown}, {"no matching versions", unknown},
}

const (
	offline = "the module proxy cannot be reached: check the connection and GOPROXY; modules that were fetched before work offline when gopar.mod pins them, and so do local copies: %mod replace PATH=DIR"
	unknown = "no module provides it: check the spelling; modules of your own need GOPRIVATE, or %mod replace PATH=DIR"
)

func (n *Notebook) remedy(ctx context.Context, msg string, by native.ModFile) string {
	if r := n.versions(ctx, msg, by); r != "" {
		return r
	}
	for _, r := range remedies {
		if strings.Contains(msg, r.contains) {
			return r.remedy
		}
	}
	return ""
}

// versions lists the versions there are of a module, if msg says that one is not.
func (n *Notebook) versions(ctx context.Context, msg string, by native.ModFile) string {
	for _, word := range strings.Fields(msg) {
		path, wrong, ok := strings.Cut(strings.TrimSuffix(word, ":"), "@")
		if !ok || path == "" || strings.Contains(path, ":") || !strings.HasPrefix(wrong, "v") {
			continue
		}
		out, err := n.tools.RunGo(ctx, by, nil, "list", "-mod=mod", "-m", "-versions", "--", path)
		all := strings.Fields(string(out))
		if err != nil || len(all) < 2 || slices.Contains(all, wrong) {
			return ""
		}
		all = all[max(1, len(all)-8):]
		return fmt.Sprintf("there is no version %s; the latest are %s", wrong, strings.Join(all, ", "))
	}
	return ""
}
