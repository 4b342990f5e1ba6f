// Package labextension installs and removes the "Go clusters" panel of JupyterLab and Notebook. It embeds the panel as
// built by build.sh from the TypeScript beside this file; the kernel's side is internal/panel.
//
// It is not a package manager: it writes one folder of static files, for which neither npm nor Python nor a restart of the
// Jupyter server is needed. A reload of the page shows the panel.
package labextension

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

//go:generate ./build.sh

//go:embed all:files
var files embed.FS

// Name is the name of the extension, and its folder below labextensions.
const Name = "@gopar-project/clusters"

// installer is what JupyterLab's extension manager tells those who ask where the extension comes from.
const installer = `{
  "packageManager": "gopar",
  "packageName": "gopar",
  "uninstallInstructions": "gopar install --remove"
}
`

// Install writes the panel into dataDir/labextensions, in place of an installed one, and returns its folder. Running front
// ends see it when their page is reloaded.
func Install(dataDir string) (dir string, err error) {
	dir = folder(dataDir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return "", fmt.Errorf("install the panel: %w", err)
	}
	// Beside its place, so that the last step is one rename: a page never gets half of it.
	next, err := os.MkdirTemp(filepath.Dir(dir), ".new-*")
	if err != nil {
		return "", fmt.Errorf("install the panel: %w", err)
	}
	defer os.RemoveAll(next) // fails after the rename, as it should
	if err := write(next); err != nil {
		return "", fmt.Errorf("install the panel: %w", err)
	}
	if err := errors.Join(os.RemoveAll(dir), os.Rename(next, dir)); err != nil {
		return "", fmt.Errorf("install the panel: %w", err)
	}
	return dir, nil
}

func write(dir string) error {
	built, err := fs.Sub(files, "files")
	if err != nil {
		return err
	}
	if err := os.CopyFS(dir, built); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "install.json"), []byte(installer), 0o644), os.Chmod(dir, 0o755))
}

// Remove deletes the panel from dataDir and tells whether it was there.
func Remove(dataDir string) (removed bool, err error) {
	dir := folder(dataDir)
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return false, fmt.Errorf("remove the panel: %w", err)
	}
	_ = os.Remove(filepath.Dir(dir)) // best effort: the folder of the organisation, if nothing else is in it
	return true, nil
}

func folder(dataDir string) string {
	return filepath.Join(dataDir, "labextensions", filepath.FromSlash(Name))
}
