package panel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/proto"
)

// definitionPrefix starts the names of definition files, which are in the
// profile's security folder.
const definitionPrefix = "gopar-panel-"

// maxDefinition bounds a definition file before it is parsed: it holds a few
// numbers and the text of one error.
const maxDefinition = 1 << 20

// definition is what a panel knows of a cluster that does not run: how to start
// it, and how its last start has failed.
type definition struct {
	ID         string         `json:"id"`
	ProfileDir string         `json:"-"`
	N          int            `json:"n"`
	Launcher   string         `json:"launcher,omitempty"` // a system, or a profile of the configuration file; "": local
	Launch     launch.Options `json:"launch,omitzero"`    // in addition to the profile's
	Curve      bool           `json:"curve,omitempty"`    // its connections are encrypted
	Dir        string         `json:"dir,omitempty"`      // working directory of the engines; "": the panel's
	Env        []string       `json:"env,omitempty"`      // of hub and engines, "NAME=value"
	Restarts   int            `json:"restarts,omitempty"` // as cluster.Options.Restarts
	Problem    string         `json:"problem,omitempty"`
}

func definitionFile(profileDir, id string) string {
	return filepath.Join(proto.SecurityDir(profileDir), definitionPrefix+id+".json")
}

// save writes the file, all or nothing.
func (d definition) save() error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	dir := proto.SecurityDir(d.ProfileDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), definitionFile(d.ProfileDir, d.ID))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// forget removes the file.
func (d definition) forget() error {
	err := os.Remove(definitionFile(d.ProfileDir, d.ID))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// definitions reads those of all profiles. One that cannot be read is left out:
// the panel must not fail for a file that somebody has spoilt.
func definitions() ([]definition, error) {
	dirs, err := profileDirs()
	if err != nil {
		return nil, err
	}
	var all []definition
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(proto.SecurityDir(dir), definitionPrefix+"*.json"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			d, err := readDefinition(file)
			if err != nil || file != definitionFile(dir, d.ID) {
				continue
			}
			d.ProfileDir = dir
			all = append(all, d)
		}
	}
	return all, nil
}

// defined returns the definition of a cluster, or an empty one with its place.
func defined(profileDir, id string) definition {
	d, err := readDefinition(definitionFile(profileDir, id))
	if err != nil || d.ID != id {
		d = definition{ID: id}
	}
	d.ProfileDir = profileDir
	return d
}

func readDefinition(file string) (definition, error) {
	f, err := os.Open(file)
	if err != nil {
		return definition{}, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxDefinition))
	if err != nil {
		return definition{}, err
	}
	var d definition
	return d, json.Unmarshal(raw, &d)
}

// profileDirs returns the profiles, sorted.
func profileDirs() ([]string, error) {
	base, err := proto.IPythonDir()
	if err != nil {
		return nil, err
	}
	dirs, err := filepath.Glob(filepath.Join(base, "profile_*"))
	if err != nil {
		return nil, err
	}
	if d := os.Getenv(proto.EnvProfileDir); d != "" {
		for _, known := range dirs {
			if known == filepath.Clean(d) {
				return dirs, nil
			}
		}
		dirs = append(dirs, filepath.Clean(d))
	}
	return dirs, nil
}

// profileName is how a user calls the profile of a folder.
func profileName(dir string) string { return strings.TrimPrefix(filepath.Base(dir), "profile_") }

// key names a cluster among all.
func key(profileDir, id string) string { return fmt.Sprintf("%s:%s", profileDir, id) }
