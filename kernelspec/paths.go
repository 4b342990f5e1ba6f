package kernelspec

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

// UserDataDir returns the folder of the user's own Jupyter data: $JUPYTER_DATA_DIR, or what the system prescribes
// (~/.local/share/jupyter, honouring $XDG_DATA_HOME; ~/Library/Jupyter; %APPDATA%\jupyter). What is installed there is
// seen by every Jupyter of this user, whichever way it was installed.
func UserDataDir() (string, error) {
	if d := os.Getenv("JUPYTER_DATA_DIR"); d != "" {
		return d, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Jupyter"), nil
	case "windows":
		if d := os.Getenv("APPDATA"); d != "" {
			return filepath.Join(d, "jupyter"), nil
		}
		return filepath.Join(home, ".jupyter", "data"), nil
	}
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "jupyter"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter"), nil
}

// SearchPath returns the data folders in which Jupyter looks for kernelspecs, the strongest first: $JUPYTER_PATH, the
// active virtual or conda environment, the user's folder, the system's. Folders that do not exist are listed, too.
func SearchPath() []string {
	var dirs []string
	add := func(d string) {
		if d != "" && !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	for _, d := range filepath.SplitList(os.Getenv("JUPYTER_PATH")) {
		add(d)
	}
	for _, variable := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if prefix := os.Getenv(variable); prefix != "" {
			add(filepath.Join(prefix, "share", "jupyter"))
		}
	}
	if d, err := UserDataDir(); err == nil {
		add(d)
	}
	if runtime.GOOS == "windows" {
		if d := os.Getenv("PROGRAMDATA"); d != "" {
			add(filepath.Join(d, "jupyter"))
		}
		return dirs
	}
	add("/usr/local/share/jupyter")
	add("/usr/share/jupyter")
	return dirs
}
