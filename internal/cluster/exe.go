package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
)

// programPath is the main package of gopar's binary.
const programPath = "github.com/gopar-project/gopar/cmd/gopar"

// findExe returns the absolute path of gopar's binary: exe if it is given, else
// this very program if it is gopar, else $GOPAR, else gopar on PATH.
func findExe(exe string) (string, error) {
	if exe == "" {
		if info, ok := debug.ReadBuildInfo(); ok && info.Path == programPath {
			return os.Executable()
		}
		exe = os.Getenv("GOPAR")
	}
	if exe == "" {
		exe = "gopar"
	}
	path, err := exec.LookPath(exe)
	if err != nil && exe == "gopar" && errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("the gopar program is not on PATH: install it (./install.sh), or name it in $GOPAR")
	}
	if err != nil {
		return "", fmt.Errorf("the gopar program: %w", err)
	}
	return filepath.Abs(path)
}
