package native

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// opened is a cache as one process has it: the files of package native know processes by their open files.
func opened(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := OpenCache(dir, lab.host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { exit(c) })
	return c
}

// exit does to the notes of a cache what the end of its process does.
func exit(c *Cache) {
	c.uses.mu.Lock()
	defer c.uses.mu.Unlock()
	if c.uses.file != nil {
		_ = c.uses.file.Close()
	}
}

// put stores a unit of a megabyte that was last used some hours ago.
func put(t *testing.T, c *Cache, hash string, hours int) {
	t.Helper()
	last := time.Now().Add(-time.Duration(hours) * time.Hour)
	for ext, size := range map[string]int{".so": 1000 << 10, ".a": 23 << 10, ".deps": 1 << 10} {
		if err := os.WriteFile(c.file(hash, ext), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(c.file(hash, ext), last, last); err != nil {
			t.Fatal(err)
		}
	}
}

// kept lists the units that are there, and fails when one is there in part.
func kept(t *testing.T, c *Cache) []string {
	t.Helper()
	files := map[string]int{}
	for _, pattern := range unitFiles {
		names, err := filepath.Glob(filepath.Join(c.dir, "units", "*"+pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			files[strings.TrimSuffix(filepath.Base(n), pattern)]++
		}
	}
	var all []string
	for hash, n := range files {
		if n != len(unitFiles) {
			t.Errorf("unit %s has %d files", hash, n)
		}
		all = append(all, hash)
	}
	slices.Sort(all)
	return all
}

func TestUnitsThatWereNotUsedForLongestGo(t *testing.T) {
	c := opened(t, t.TempDir())
	for i := range 8 {
		put(t, c, fmt.Sprintf("u%d", i), 8-i) // u0 is the oldest
	}
	if n := c.shrink(9<<20, time.Now()); n != 0 {
		t.Errorf("%d units were removed below the limit", n)
	}
	if n := c.shrink(6<<20, time.Now()); n != 4 {
		t.Errorf("%d units were removed, want 4: to three quarters of the limit", n)
	}
	if got := kept(t, c); !slices.Equal(got, []string{"u4", "u5", "u6", "u7"}) {
		t.Errorf("left: %v", got)
	}
	if n := c.shrink(0, time.Now()); n != 0 {
		t.Errorf("%d units were removed without a limit", n)
	}
}

func TestUnitsOfLiveProcessesStay(t *testing.T) {
	dir := t.TempDir()
	mine, other := opened(t, dir), opened(t, dir)
	for i := range 6 {
		put(t, mine, fmt.Sprintf("u%d", i), 100-i)
	}
	if _, ok := other.ObjectPath("u0"); !ok { // the oldest
		t.Fatal("u0 is not there")
	}
	old := time.Now().Add(-200 * time.Hour)
	if err := os.Chtimes(mine.file("u0", ".so"), old, old); err != nil { // a session may be idle for days
		t.Fatal(err)
	}
	mine.shrink(1<<20, time.Now())
	if got := kept(t, mine); !slices.Equal(got, []string{"u0"}) {
		t.Fatalf("left: %v, want what the other process uses", got)
	}
	exit(other)
	put(t, mine, "u9", 1)
	mine.shrink(2<<20-1, time.Now())
	if got := kept(t, mine); !slices.Equal(got, []string{"u9"}) {
		t.Fatalf("left: %v, want none of the process that has ended", got)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "uses", "*")); len(files) != 0 {
		t.Errorf("notes of ended processes are left: %v", files)
	}
}

func TestUsesAndRemovalsAtTheSameTime(t *testing.T) {
	dir := t.TempDir()
	var users []*Cache
	for range 4 {
		users = append(users, opened(t, dir))
	}
	remover := opened(t, dir)
	for round := range 20 {
		for i := range users {
			put(t, remover, fmt.Sprintf("r%dn%d", round, i), 50)
		}
		done := make(chan string, len(users))
		for i, c := range users {
			go func() {
				hash := fmt.Sprintf("r%dn%d", round, i)
				if _, ok := c.ObjectPath(hash); !ok {
					hash = "" // it was removed before
				}
				done <- hash
			}()
		}
		remover.shrink(1<<19, time.Now())
		for range users {
			if hash := <-done; hash != "" {
				if _, err := os.Stat(remover.file(hash, ".so")); err != nil {
					t.Fatalf("%s was removed after its use was noted: %v", hash, err)
				}
			}
		}
	}
}

func TestLimitOfTheCacheComesFromTheEnvironment(t *testing.T) {
	for text, want := range map[string]int64{"": 2 << 30, "500M": 500 << 20, "1GB": 1e9, "off": 0, "12345": 12345} {
		t.Setenv(LimitEnv, text)
		if got, err := Limit(); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, bad := range []string{"-1", "many", "5 apples", "NaN"} {
		t.Setenv(LimitEnv, bad)
		if _, err := Limit(); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestBuildingKeepsTheLimit(t *testing.T) {
	t.Setenv(LimitEnv, "1M")
	tc := open(t)
	stale := "stale"
	put(t, tc.Cache, stale, 1000)
	t.Cleanup(func() { exit(tc.Cache) })
	o := build(t, tc, &Unit{Hash: "limited", Imports: []string{unitPkg}, Source: source("limited", "", "", "print()")})
	if _, err := os.Stat(tc.file(stale, ".so")); err == nil {
		t.Error("a unit that nobody uses was kept above the limit")
	}
	if got := run(t, "limited", o); got != "" {
		t.Errorf("the new unit prints %q", got)
	}
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"", "off", "1", "8GiB", "500M", "1e9", "9999999999999T", "-3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := ParseSize(s); err == nil && n < 0 {
			t.Errorf("%q: %d", s, n)
		}
	})
}
