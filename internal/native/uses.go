package native

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// useLock is the file whose lock orders uses and removals: whoever is about to use a unit holds it shared while it notes that,
// whoever removes units holds it alone.
const useLock = "uses.lock"

// touchAfter is how old the noted time of a unit's last use may get: finer would cost a write a cell for nothing.
const touchAfter = time.Hour

// uses notes which units this process has used, for as long as it lives: in a file of the cache that it keeps locked. The lock
// ends with the process, whatever ends that, and then the file means nothing any more.
type uses struct {
	mu    sync.Mutex
	file  *os.File             // nil until the first use
	noted map[string]time.Time // hash → when its last use was noted
}

// use keeps a unit from being removed while this process lives; afterwards it may be looked for. A unit that is removed before
// is built again.
func (c *Cache) use(hash string) {
	u := &c.uses
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	last, noted := u.noted[hash]
	if noted && now.Sub(last) < touchAfter {
		return
	}
	if u.noted == nil {
		u.noted = map[string]time.Time{}
	}
	u.noted[hash] = now
	// Best effort, all of it: who may not write to the cache does not share it with one who removes units.
	if !noted {
		if unlock, err := lockShared(filepath.Join(c.root, useLock)); err == nil {
			u.note(filepath.Join(c.root, "uses"), c.id+"/"+hash)
			defer unlock()
		}
	}
	_ = os.Chtimes(c.file(hash, ".so"), now, now)
}

// note appends a line to the file, which it makes first. It is called with the lock of uses.
func (u *uses) note(dir, line string) {
	if u.file == nil {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return
		}
		f, err := os.CreateTemp(dir, "*")
		if err != nil {
			return
		}
		if !holdLock(f) {
			_ = f.Close() // nothing was written
			_ = os.Remove(f.Name())
			return
		}
		u.file = f
	}
	_, _ = fmt.Fprintln(u.file, line)
}

// used lists the units that live processes use, as id/hash, and removes the files of dead ones. The caller holds the lock alone.
func (c *Cache) used() map[string]bool {
	used := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(c.root, "uses", "*"))
	if err != nil {
		return used
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		if holdLock(f) { // nobody else does: its process is gone
			_ = os.Remove(name)
		} else {
			for lines := bufio.NewScanner(f); lines.Scan(); {
				used[lines.Text()] = true
			}
		}
		_ = f.Close()
	}
	return used
}
