// Package native builds units — the compiled form of cells — into objects that a runner opens as plugins, and keeps the build
// cache. It finds the Go toolchain, prepares the export data units are compiled against, and calls compiler and linker.
//
// It is not a front end: it neither parses nor checks a cell (package cell does) and never runs user code.
//
// Invariants: an object in the cache is complete (files appear by rename) and never changes; its name is the unit's hash, so
// two processes that build the same unit need not agree on anything but the lock of that unit; everything a unit is linked
// against is the very build that is in the running gopar binary, or building is refused with a *MismatchError.
package native

import (
	"errors"
	"fmt"

	"github.com/go-logr/logr"
)

// Unit is one lowered cell: a Go package of one file whose import path is "cell/" + Hash and whose package name is main.
type Unit struct {
	// Hash is the content address of the unit: letters, digits, '-' and '_', at most 64.
	Hash string
	// Source is the lowered Go source, one file.
	Source []byte
	// Imports are the packages outside the session that Source imports: the standard library's, gopar's own, modules'.
	Imports []string
	// Deps are the hashes of the units that Source imports or links to directly.
	Deps []string
	// Paths are what the names of instances of generic types call other packages than main, by the hash of their unit.
	Paths map[string]string
	// Cgo is the unit's C part: its Types and C are compiled with Source. Nil: it has none.
	Cgo *Cgo
	// Embed are the files of Source's //go:embed directives. Nil: it has none.
	Embed *Embedded
}

// Object is a built unit, ready for plugin.Open.
type Object struct {
	// Hash is the unit's hash.
	Hash string
	// Path is the absolute path of the shared object.
	Path string
}

// Options says where a Toolchain finds and keeps things. The zero value works for an installed gopar.
type Options struct {
	// Dir is the cache directory. Default: gopar under os.UserCacheDir, because several kernels and engines share one cache.
	Dir string
	// Source is the root of gopar's own source tree (the folder of its go.mod), from which the export data of gopar's
	// packages is made. Default: found beside the running binary (see FindSource).
	Source string
	// Exe is the binary that will open the units. Default: os.Executable, because a runner is its own parent's binary.
	Exe string
	// Log receives one line per build at V(1). The zero value discards.
	Log logr.Logger
}

// ErrNoToolchain says that units cannot be built on this machine. Errors that wrap it name the reason and the remedy.
var ErrNoToolchain = errors.New("no usable Go toolchain")

// A MismatchError says that a unit would not fit the binary that is to open it.
type MismatchError struct {
	// What does not fit, in a form to print after "units do not fit this gopar: ".
	What string
	// Remedy is what the user can do.
	Remedy string
}

// Error implements error.
func (e *MismatchError) Error() string {
	return "units do not fit this gopar: " + e.What + "; " + e.Remedy
}

// A BuildError says that compiler or linker refused a unit. As cells are checked before they are lowered, it is a defect of
// lowering, and Output is for the bug report.
type BuildError struct {
	// Hash is the unit's, Step is "compile" or "link", Output is what the tool printed.
	Hash, Step, Output string
}

// Error implements error.
func (e *BuildError) Error() string {
	return fmt.Sprintf("%s unit %s: %s", e.Step, e.Hash, e.Output)
}
