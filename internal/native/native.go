// Package native builds units — the compiled form of cells — into objects that a runner opens as plugins, and keeps the build
// cache. It finds the Go toolchain, prepares the export data units are compiled against, and calls compiler and linker.
//
// It is not a front end: it neither parses nor checks a cell (package cell does) and never runs user code.
//
// Invariants: an object in the cache is complete (files appear by rename) and never changes; its name is the unit's hash, so
// two processes that build the same unit need not agree on anything; everything a unit is linked against is the very build
// that is in the running gopar binary, or building is refused with a *MismatchError.
package native

import (
	"github.com/go-logr/logr"
)

// Unit is one lowered cell: a Go package of one file whose import path is "cell/" + Hash and whose package name is main.
type Unit struct {
	// Hash is the content address of the unit: letters and digits, at most 64.
	Hash string
	// Source is the lowered Go source, one file.
	Source []byte
	// Imports are the packages outside the session that Source imports: the standard library's, gopar's own, modules'.
	Imports []string
	// Deps are the hashes of the units that Source imports directly.
	Deps []string
}

// Object is a built unit, ready for plugin.Open.
type Object struct {
	// Hash is the unit's hash.
	Hash string
	// Path is the absolute path of the shared object.
	Path string
}

// Options says where a Toolchain finds and keeps things.
type Options struct {
	// Dir is the cache directory. Default: gopar under os.UserCacheDir, because several kernels and engines share one cache.
	Dir string
	// Source is the root of gopar's own source tree (the folder of its go.mod), from which the export data of gopar's
	// packages is made. Default: found beside the running binary (see FindSource).
	Source string
	// Log receives one line per build at V(1). The zero value discards.
	Log logr.Logger
}
