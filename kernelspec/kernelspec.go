// Package kernelspec installs, removes and finds Jupyter kernel specifications: the small folders that tell a front end
// how to start a kernel. It embeds gopar's own, with its logos.
//
// It is not a kernel manager: it starts nothing, and it needs neither Python nor the jupyter command. Where Jupyter looks
// is described at [SearchPath].
package kernelspec

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:generate go run draw.go files

//go:embed files
var files embed.FS

// Name is the folder, and so the kernel name, under which gopar's kernel is installed.
const Name = "gopar"

// A Spec is the content of a kernel.json file.
type Spec struct {
	Argv                  []string          `json:"argv"` // the command; {connection_file} and {resource_dir} are filled in at start
	DisplayName           string            `json:"display_name"`
	Language              string            `json:"language"`
	InterruptMode         string            `json:"interrupt_mode,omitempty"` // "message" or "signal"; "" is "signal"
	KernelProtocolVersion string            `json:"kernel_protocol_version,omitempty"`
	Env                   map[string]string `json:"env,omitempty"` // set for the kernel's process
	Metadata              map[string]any    `json:"metadata,omitempty"`
}

// An Installed kernelspec is one that was found on disk.
type Installed struct {
	Name string // the folder's name
	Dir  string // the folder
	Spec Spec
}

// ErrNotFound is the error of a kernel name that no searched folder has.
var ErrNotFound = errors.New("no such kernelspec")

// maxSpecFile bounds how much of a kernel.json is read: real ones have a few hundred bytes.
const maxSpecFile = 1 << 20

// Default returns gopar's specification for the gopar binary exe, whose path should be absolute.
func Default(exe string) (Spec, error) {
	raw, err := files.ReadFile("files/kernel.json")
	if err != nil {
		return Spec{}, err
	}
	var s Spec
	if err := json.Unmarshal(raw, &s); err != nil {
		return Spec{}, fmt.Errorf("embedded kernel.json: %w", err)
	}
	s.Argv[0] = exe
	return s, nil
}

// Install writes gopar's kernelspec into dataDir/kernels/gopar, so that front ends start the binary exe, and returns that
// folder. It replaces an installed one file by file, each atomically: a front end never reads half a file. Running
// front ends see the kernel at once.
func Install(dataDir, exe string) (dir string, err error) {
	if !filepath.IsAbs(exe) {
		return "", fmt.Errorf("install kernelspec: the path of the binary must be absolute, not %q", exe)
	}
	spec, err := Default(exe)
	if err != nil {
		return "", err
	}
	raw, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dataDir, "kernels", Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("install kernelspec: %w", err)
	}
	entries, err := files.ReadDir("files")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		content := append(raw, '\n')
		if e.Name() != "kernel.json" {
			if content, err = files.ReadFile("files/" + e.Name()); err != nil {
				return "", err
			}
		}
		if err := replaceFile(filepath.Join(dir, e.Name()), content); err != nil {
			return "", fmt.Errorf("install kernelspec: %w", err)
		}
	}
	return dir, nil
}

func replaceFile(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails after the rename, as it should
	_, err = tmp.Write(content)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// Remove deletes gopar's kernelspec from dataDir and tells whether there was one.
func Remove(dataDir string) (removed bool, err error) {
	dir := filepath.Join(dataDir, "kernels", Name)
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return false, fmt.Errorf("remove kernelspec: %w", err)
	}
	return true, nil
}

// List returns the kernelspecs in the data folders dirs. As in Jupyter, the first folder that has a name hides it in the
// later ones. Folders without a readable kernel.json are left out.
func List(dirs []string) []Installed {
	var found []Installed
	seen := map[string]bool{}
	for _, d := range dirs {
		entries, err := os.ReadDir(filepath.Join(d, "kernels"))
		if err != nil {
			continue // most of Jupyter's data folders do not exist
		}
		for _, e := range entries {
			name := strings.ToLower(e.Name())
			if seen[name] {
				continue
			}
			if k, err := read(name, filepath.Join(d, "kernels", e.Name())); err == nil {
				seen[name] = true
				found = append(found, k)
			}
		}
	}
	return found
}

// Find returns the kernelspec called name in the data folders dirs, case ignored as Jupyter does. The error is
// [ErrNotFound], or says why the one that is there cannot be read.
func Find(name string, dirs []string) (Installed, error) {
	if !validName.MatchString(name) {
		return Installed{}, fmt.Errorf("kernel name %q: %w", name, ErrNotFound)
	}
	for _, d := range dirs {
		entries, err := os.ReadDir(filepath.Join(d, "kernels"))
		if err != nil {
			continue // as in List
		}
		for _, e := range entries {
			if !strings.EqualFold(e.Name(), name) {
				continue
			}
			k, err := read(strings.ToLower(name), filepath.Join(d, "kernels", e.Name()))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return k, err
		}
	}
	return Installed{}, fmt.Errorf("kernel name %q: %w", name, ErrNotFound)
}

var validName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

func read(name, dir string) (Installed, error) {
	k := Installed{Name: name, Dir: dir}
	path := filepath.Join(dir, "kernel.json")
	info, err := os.Stat(path)
	if err != nil {
		return k, err
	}
	if info.Size() > maxSpecFile {
		return k, fmt.Errorf("%s: %d bytes are too many for a kernelspec", path, info.Size())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(raw, &k.Spec); err != nil {
		return k, fmt.Errorf("%s: %w", path, err)
	}
	if len(k.Spec.Argv) == 0 {
		return k, fmt.Errorf("%s: no argv", path)
	}
	return k, nil
}

// Command returns the command line that starts the kernel with the given connection file.
func (k Installed) Command(connectionFile string) []string {
	fill := strings.NewReplacer("{connection_file}", connectionFile, "{resource_dir}", k.Dir)
	argv := make([]string, len(k.Spec.Argv))
	for i, a := range k.Spec.Argv {
		argv[i] = fill.Replace(a)
	}
	return argv
}
