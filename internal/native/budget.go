package native

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LimitEnv is the environment variable that limits the size of the cache: bytes ("2147483648"), with a unit ("10GiB", "500M"),
// or "off".
const LimitEnv = "GOPAR_CACHE_LIMIT"

// defaultLimit is the size of the cache unless LimitEnv says otherwise: a unit takes 3 to 5 MB, so about 500 units, of which a
// session of 100 cells makes 50 to 100.
const defaultLimit = 2 << 30

// abandoned is the age at which what a killed builder left behind is removed.
const abandoned = 24 * time.Hour

// Limit returns the limit of the cache in bytes as LimitEnv says, 0 for none.
func Limit() (int64, error) {
	text := os.Getenv(LimitEnv)
	if text == "" {
		return defaultLimit, nil
	}
	n, err := ParseSize(text)
	if err != nil {
		return defaultLimit, fmt.Errorf("%s: %w", LimitEnv, err)
	}
	return n, nil
}

// ParseSize reads a number of bytes, with or without a unit (8GiB, 500M); "off" is 0.
func ParseSize(text string) (int64, error) {
	s := strings.ToLower(strings.TrimSpace(text))
	if s == "off" || s == "none" {
		return 0, nil
	}
	i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if i < 0 {
		i = len(s)
	}
	n, err := strconv.ParseFloat(s[:i], 64)
	unit, known := sizeUnits[strings.TrimSpace(s[i:])]
	if err != nil || !known || n <= 0 || n*unit > 1<<62 {
		return 0, fmt.Errorf("size %q: want bytes, 8GiB, 500M or off", text)
	}
	return int64(n * unit), nil
}

var sizeUnits = map[string]float64{
	"": 1, "b": 1, "k": 1 << 10, "kb": 1e3, "kib": 1 << 10, "m": 1 << 20, "mb": 1e6, "mib": 1 << 20,
	"g": 1 << 30, "gb": 1e9, "gib": 1 << 30, "t": 1 << 40, "tb": 1e12, "tib": 1 << 40,
}

// stored is one unit in the cache, of this gopar build or another.
type stored struct {
	key  string // id/hash
	size int64
	last time.Time // of the last use
}

// grew notes that a unit was added and, after a sixteenth of the limit, makes room.
func (c *Cache) grew(hash string) {
	limit, err := Limit()
	if err != nil {
		return // who set the limit was told; until it is mended, better too large than empty
	}
	var size int64
	for _, ext := range unitFiles {
		if info, err := os.Stat(c.file(hash, ext)); err == nil {
			size += info.Size()
		}
	}
	first := c.added.Add(size) == size
	if !first && (limit == 0 || c.added.Load() < limit/16) {
		return
	}
	c.added.Store(1) // not 0: the next unit is not the first
	c.shrink(limit, time.Now())
}

// unitFiles are the files of a unit, in the order in which they are removed: without its object it is not there.
var unitFiles = []string{".so", ".deps", ".a"}

// shrink removes units, those first that were not used for the longest time, until the cache takes three quarters of limit; 0 is
// no limit. It removes none that a live process has used, so a session with many cells may keep more than the limit. When another process
// is at it, shrink does nothing. It returns how many units it removed.
func (c *Cache) shrink(limit int64, now time.Time) int {
	unlock, ok := tryLock(filepath.Join(c.root, useLock))
	if !ok {
		return 0
	}
	defer unlock()
	c.trim(now)
	units, total := c.stored(now)
	if limit == 0 || total <= limit {
		return 0
	}
	used := c.used()
	slices.SortFunc(units, func(a, b stored) int { return cmp.Or(a.last.Compare(b.last), cmp.Compare(a.key, b.key)) })
	removed := 0
	for _, u := range units {
		if total <= limit/4*3 {
			break
		}
		if used[u.key] {
			continue
		}
		id, hash, _ := strings.Cut(u.key, "/")
		for _, ext := range unitFiles {
			_ = os.Remove(filepath.Join(c.root, id, "units", hash+ext)) // best effort: it may lack one of them
		}
		total -= u.size
		removed++
	}
	return removed
}

// stored lists the units of all gopar builds and their size together. What builders left behind is removed.
func (c *Cache) stored(now time.Time) ([]stored, int64) {
	var all []stored
	var total int64
	dirs, err := filepath.Glob(filepath.Join(c.root, "*", "units"))
	if err != nil {
		return nil, 0
	}
	for _, dir := range dirs {
		id := filepath.Base(filepath.Dir(dir))
		entries, err := os.ReadDir(dir)
		if err != nil || len(id) != len(c.id) {
			continue
		}
		at := map[string]int{}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				continue // removed meanwhile
			}
			ext := filepath.Ext(e.Name())
			if !slices.Contains(unitFiles, ext) {
				if ext != ".lock" && now.Sub(info.ModTime()) > abandoned {
					_ = os.RemoveAll(filepath.Join(dir, e.Name())) // best effort
				}
				continue
			}
			hash := strings.TrimSuffix(e.Name(), ext)
			i, ok := at[hash]
			if !ok {
				i, at[hash] = len(all), len(all)
				all = append(all, stored{key: id + "/" + hash})
			}
			all[i].size += info.Size()
			if info.ModTime().After(all[i].last) {
				all[i].last = info.ModTime()
			}
			total += info.Size()
		}
	}
	return all, total
}
