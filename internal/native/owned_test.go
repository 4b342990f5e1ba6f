//go:build unix

package native

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCacheOfOthersIsRefused is a cache in a folder such as /tmp, where somebody has been before.
func TestCacheOfOthersIsRefused(t *testing.T) {
	t.Parallel()
	exe := filepath.Join(t.TempDir(), "gopar")
	if err := os.WriteFile(exe, []byte("binary"), 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "gopar")
	c, err := OpenCache(dir, exe)
	if err != nil {
		t.Fatal(err)
	}
	for _, open := range []string{dir, c.dir, filepath.Join(c.dir, "units")} {
		if err := os.Chmod(open, 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenCache(dir, exe); err == nil || !strings.Contains(err.Error(), open+" can be written by others") {
			t.Errorf("%s is open to all: %v", open, err)
		}
		if err := os.Chmod(open, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenCache(dir, exe); err != nil {
		t.Errorf("all is well again: %v", err)
	}
}
