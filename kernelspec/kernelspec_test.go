package kernelspec_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/kernelspec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const exe = "/opt/with space/gopar"

func TestInstallWritesWhatFrontEndsExpect(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "with space", "jupyter")
	for range 2 { // installing again changes nothing
		dir, err := kernelspec.Install(data, exe)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(data, "kernels", "gopar"); dir != want {
			t.Errorf("installed in %s, want %s", dir, want)
		}
	}
	k, err := kernelspec.Find("gopar", []string{data})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{exe, "kernel", "-f", "/run/c.json"}; !slices.Equal(k.Command("/run/c.json"), want) {
		t.Errorf("command %q", k.Command("/run/c.json"))
	}
	s := k.Spec
	if s.DisplayName != "Go (gopar)" || s.Language != "go" || s.InterruptMode != "message" ||
		s.KernelProtocolVersion != "5.5" || s.Metadata["debugger"] != false {
		t.Errorf("kernel.json: %+v", s)
	}
	entries, err := os.ReadDir(k.Dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
	if want := []string{"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}; !slices.Equal(names, want) {
		t.Errorf("files %q", names)
	}
	for file, size := range map[string]int{"logo-32x32.png": 32, "logo-64x64.png": 64} {
		raw, err := os.ReadFile(filepath.Join(k.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil || img.Bounds().Dx() != size || img.Bounds().Dy() != size {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestLogosAreWhatDrawDraws(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "go", "run", "draw.go", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, file := range []string{"logo-svg.svg", "logo-64x64.png", "logo-32x32.png"} {
		got, err1 := os.ReadFile(filepath.Join("files", file))
		want, err2 := os.ReadFile(filepath.Join(dir, file))
		if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale: go generate ./kernelspec", file)
		}
	}
}

func TestInstallNeedsAnAbsolutePath(t *testing.T) {
	t.Parallel()
	if _, err := kernelspec.Install(t.TempDir(), "gopar"); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("got %v", err)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if _, err := kernelspec.Install(data, exe); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if removed, err := kernelspec.Remove(data); removed != want || err != nil {
			t.Errorf("got %v, %v, want %v", removed, err, want)
		}
	}
	if _, err := kernelspec.Find("gopar", []string{data}); !errors.Is(err, kernelspec.ErrNotFound) {
		t.Errorf("after removal: %v", err)
	}
}

// write makes a kernelspec by hand.
func write(t *testing.T, data, name, content string) {
	t.Helper()
	dir := filepath.Join(data, "kernels", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kernel.json"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestEarlierFoldersWin(t *testing.T) {
	t.Parallel()
	first, second, missing := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "none")
	write(t, first, "Python3", `{"argv": ["a"], "display_name": "first", "language": "python"}`)
	write(t, second, "python3", `{"argv": ["b"], "display_name": "second", "language": "python"}`)
	write(t, second, "broken", `{"argv": `)
	write(t, second, "empty", `{"argv": []}`)
	if err := os.MkdirAll(filepath.Join(second, "kernels", "bare"), 0o755); err != nil {
		t.Fatal(err)
	}
	dirs := []string{missing, first, second}
	found := kernelspec.List(dirs)
	if len(found) != 1 || found[0].Name != "python3" || found[0].Spec.DisplayName != "first" {
		t.Errorf("list: %+v", found)
	}
	if k, err := kernelspec.Find("PYTHON3", dirs); err != nil || k.Spec.DisplayName != "first" {
		t.Errorf("find: %+v, %v", k, err)
	}
	for name, want := range map[string]string{
		"nope": "no such kernelspec", "bare": "no such kernelspec", "../x": "no such kernelspec",
		"broken": "kernel.json", "empty": "no argv",
	} {
		if _, err := kernelspec.Find(name, dirs); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func TestSearchPathIsJupyters(t *testing.T) {
	t.Setenv("JUPYTER_PATH", strings.Join([]string{"/one", "/two"}, string(filepath.ListSeparator)))
	t.Setenv("VIRTUAL_ENV", "/venv")
	t.Setenv("CONDA_PREFIX", "")
	t.Setenv("JUPYTER_DATA_DIR", "/data")
	got := kernelspec.SearchPath()
	want := []string{"/one", "/two", filepath.Join("/venv", "share", "jupyter"), "/data"}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("got %q, want %q first", got, want)
	}
	t.Setenv("JUPYTER_DATA_DIR", "")
	t.Setenv("HOME", "/home/me")
	t.Setenv("XDG_DATA_HOME", "/xdg")
	if d, err := kernelspec.UserDataDir(); err != nil || !filepath.IsAbs(d) {
		t.Errorf("user's folder: %q, %v", d, err)
	}
}

func TestMetadataSurvivesJSON(t *testing.T) {
	t.Parallel()
	s, err := kernelspec.Default(exe)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(s)
	if err != nil || !strings.Contains(string(raw), `"debugger":false`) {
		t.Errorf("%s, %v", raw, err)
	}
}
