package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A cluster that another version of gopar runs is neither ours to replace nor a
// reason to wait.
func TestStartRefusesTheStateOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	p := place{profileDir: dir}
	if err := os.MkdirAll(filepath.Dir(p.stateFile()), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.stateFile(), []byte(`{"version": 9999}`), 0o600); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(t.Context(), Options{N: 1, ProfileDir: dir, Exe: exe})
	if err == nil || !strings.Contains(err.Error(), "another version of gopar") {
		t.Errorf("got %v", err)
	}
}
