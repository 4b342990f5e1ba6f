package native

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// maxObject bounds an object that comes from another machine: a unit with all of net/http is 8 MB.
const maxObject = 256 << 20

// keepUnused is how long the units of a gopar build that is no longer started stay in the cache.
const keepUnused = 30 * 24 * time.Hour

// Cache is the store of built units of one gopar build. It needs no toolchain, so an engine without one can keep what clients
// send it. Its methods may be called concurrently and by several processes.
type Cache struct {
	root string // shared by all gopar builds: locks' and archives' home
	dir  string // this build's
	id   string

	uses  uses
	added atomic.Int64 // bytes since the cache was last made smaller; 0: nothing yet
}

// OpenCache opens the cache below dir for the units of the binary exe; both may be empty for the defaults of Options.
func OpenCache(dir, exe string) (*Cache, error) {
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find cache directory: %w", err)
		}
		dir = filepath.Join(base, "gopar")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find cache directory: %w", err)
	}
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find own binary: %w", err)
		}
	}
	id, err := cacheID(exe)
	if err != nil {
		return nil, err
	}
	c := &Cache{root: dir, dir: filepath.Join(dir, id), id: id}
	if err := os.MkdirAll(filepath.Join(c.dir, "units"), 0o700); err != nil {
		return nil, fmt.Errorf("make cache directory: %w", err)
	}
	for _, d := range []string{c.root, c.dir, filepath.Join(c.dir, "units")} {
		if err := owned(d); err != nil {
			return nil, err
		}
	}
	now := time.Now()
	_ = os.Chtimes(c.dir, now, now) // best effort: only ages the directory for trim
	return c, nil
}

// cacheFormat changes when the layout of the cache or of objects does.
const cacheFormat = "gopar units 2"

// ID identifies gopar build, operating system and architecture: objects fit processes with the same ID.
func (c *Cache) ID() string { return c.id }

// ObjectPath returns where the object of a built unit is, and whether it is there. It stays there as long as this
// process lives. It costs a stat.
func (c *Cache) ObjectPath(hash string) (string, bool) {
	if !validHash(hash) {
		return "", false
	}
	c.use(hash)
	p := c.file(hash, ".so")
	_, err := os.Stat(p)
	return p, err == nil
}

// Store puts an object that came from another machine into the cache. It returns a *MismatchError when the object belongs to
// another gopar build or is another unit's.
func (c *Cache) Store(hash string, r io.Reader) error {
	if !validHash(hash) {
		return fmt.Errorf("store unit: %q is not a unit's hash", hash)
	}
	if _, ok := c.ObjectPath(hash); ok {
		return nil
	}
	f, err := os.CreateTemp(filepath.Join(c.dir, "units"), "store-*")
	if err != nil {
		return fmt.Errorf("store unit: %w", err)
	}
	defer os.Remove(f.Name()) // fails after the rename, which is the point
	n, err := io.Copy(f, io.LimitReader(r, maxObject+1))
	if n > maxObject {
		err = errors.New("object too large")
	}
	if err == nil {
		err = c.checkSeal(f, hash)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), c.file(hash, ".so"))
	}
	if err != nil {
		return fmt.Errorf("store unit %s: %w", hash, err)
	}
	c.grew(hash)
	return nil
}

// seal is what Build appends to an object: which build it belongs to. ELF loaders ignore bytes after the last section; macOS
// does not, as they are not covered by the code signature, and gets no seal.
func (c *Cache) seal(hash string) []byte {
	if runtime.GOOS == "darwin" {
		return nil
	}
	return []byte("\ngopar-unit " + c.id + " " + hash + "\n")
}

func (c *Cache) checkSeal(f *os.File, hash string) error {
	want := c.seal(hash)
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	got := make([]byte, min(int64(len(want)), end))
	if _, err := f.ReadAt(got, end-int64(len(got))); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return &MismatchError{
			What:   "the object of unit " + hash + " was built for another gopar, operating system or architecture",
			Remedy: "run the same gopar build everywhere",
		}
	}
	return nil
}

// Check tells whether the object at o.Path fits this build, before plugin.Open, whose failures poison the path.
func (c *Cache) Check(o Object) error {
	f, err := os.Open(o.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	return c.checkSeal(f, o.Hash)
}

func (c *Cache) file(hash, ext string) string { return filepath.Join(c.dir, "units", hash+ext) }

// trim removes the directories of gopar builds that nothing has opened for a long time. Archives stay: they are hard links
// into Go's own cache or small beside it, and other builds use them.
func (c *Cache) trim(now time.Time) {
	entries, err := os.ReadDir(c.root)
	if err != nil {
		return // best effort: the cache works untrimmed
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || len(e.Name()) != len(c.id) || e.Name() == c.id || now.Sub(info.ModTime()) < keepUnused {
			continue
		}
		_ = os.RemoveAll(filepath.Join(c.root, e.Name())) // best effort, as above
	}
}

func validHash(h string) bool {
	if h == "" || len(h) > 64 {
		return false
	}
	for _, r := range h {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-') {
			return false
		}
	}
	return h[0] != '-'
}

// Self returns what Check needs to tell whether objects fit the running binary; it has no directory.
func Self() (*Cache, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own binary: %w", err)
	}
	id, err := cacheID(exe)
	if err != nil {
		return nil, err
	}
	return &Cache{id: id}, nil
}

// cacheID derives the ID from what identifies the binary.
func cacheID(exe string) (string, error) {
	build, err := binaryID(exe)
	if err != nil {
		return "", fmt.Errorf("identify %s: %w", exe, err)
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{cacheFormat, runtime.GOOS, runtime.GOARCH, build}, "\x00")))
	return hex.EncodeToString(sum[:10]), nil
}
