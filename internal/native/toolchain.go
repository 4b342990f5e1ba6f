package native

import (
	"context"
	"errors"
	"io"
)

// ErrNoToolchain says that units cannot be built on this machine; its text names the remedy.
var ErrNoToolchain = errors.New("no Go toolchain for native cells")

// Toolchain builds units. Its methods may be called concurrently.
type Toolchain struct{}

// Open finds the toolchain and the cache and checks that both fit the running binary. It does not build anything.
func Open(ctx context.Context, o Options) (*Toolchain, error) { return nil, ErrNoToolchain }

// Export opens the export data of an importable package, for go/importer's "gc" lookup.
func (t *Toolchain) Export(path string) (io.ReadCloser, error) { return nil, ErrNoToolchain }

// Packages lists the import paths of the standard library that a cell can import, sorted.
func (t *Toolchain) Packages() []string { return nil }

// Build compiles and links u unless the cache has it.
func (t *Toolchain) Build(ctx context.Context, u *Unit) (*Object, error) { return nil, ErrNoToolchain }

// Warm prepares everything a first cell needs and reports its progress.
func (t *Toolchain) Warm(ctx context.Context, progress func(done, total int, what string)) error {
	return ErrNoToolchain
}

// ObjectPath returns where the object of a built unit is, and whether it is there.
func (t *Toolchain) ObjectPath(hash string) (string, bool) { return "", false }

// Store puts an object that came from elsewhere into the cache.
func (t *Toolchain) Store(hash string, r io.Reader) error { return ErrNoToolchain }
