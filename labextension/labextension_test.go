package labextension_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gopar-project/gopar/labextension"
)

func TestInstallReplacesAndRemoveLeavesNothing(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for range 2 {
		dir, err := labextension.Install(data)
		if err != nil {
			t.Fatal(err)
		}
		stale := filepath.Join(dir, "stale")
		if _, err := os.Stat(stale); err == nil {
			t.Error("a file of the last installation is still there")
		}
		for _, name := range []string{"package.json", "install.json", "schemas/@gopar-project/clusters/plugin.json"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
		if err := os.WriteFile(stale, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []bool{true, false} {
		if removed, err := labextension.Remove(data); err != nil || removed != want {
			t.Errorf("removed %v, error %v; want %v", removed, err, want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(data, "labextensions", "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, error %v", left, err)
	}
}

// Without npm there is nothing that could have made the embedded files differ from their source here.
func TestEmbeddedFilesAreWhatTheSourceBuilds(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Log("npm is not installed; what is embedded was compared where it is")
		return
	}
	built := filepath.Join(t.TempDir(), "files")
	if out, err := exec.CommandContext(t.Context(), "./build.sh", built).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, got := tree(t, built), tree(t, "files")
	if len(want) < 5 {
		t.Errorf("only %d files were built", len(want))
	}
	names := slices.Collect(func(yield func(string) bool) {
		for _, m := range []map[string]string{want, got} {
			for name := range m {
				if !yield(name) {
					return
				}
			}
		}
	})
	for _, name := range names {
		if want[name] != got[name] {
			t.Errorf("%s is not what the source builds; run: make labextension", name)
		}
	}
}

// tree returns the files below dir with their contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		rel, relErr := filepath.Rel(dir, path)
		if relErr != nil {
			return relErr
		}
		files[rel] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
