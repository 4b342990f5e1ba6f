package proto

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Environment variables that launchers set for hubs and engines.
const (
	EnvProfileDir     = "IPP_PROFILE_DIR"
	EnvClusterID      = "IPP_CLUSTER_ID"
	EnvConnectionInfo = "IPP_CONNECTION_INFO" // text of the engine file
	EnvIPythonDir     = "IPYTHONDIR"
)

// IPythonDir returns $IPYTHONDIR, or ~/.ipython.
func IPythonDir() (string, error) {
	if d := os.Getenv(EnvIPythonDir); d != "" {
		return d, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the IPython directory: %w", err)
	}
	return filepath.Join(home, ".ipython"), nil
}

// ProfileDir returns the directory of a profile. dir wins when it is set; then
// the named profile; with neither, $IPP_PROFILE_DIR, then profile "default".
func ProfileDir(dir, profile string) (string, error) {
	if dir != "" {
		return filepath.Abs(dir)
	}
	if profile == "" {
		if d := os.Getenv(EnvProfileDir); d != "" {
			return filepath.Abs(d)
		}
		profile = "default"
	}
	base, err := IPythonDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(base, "profile_"+profile), nil
}

// ClusterID returns id, or $IPP_CLUSTER_ID when id is empty. "" is a valid id:
// the profile's default cluster.
func ClusterID(id string) string {
	if id != "" {
		return id
	}
	return os.Getenv(EnvClusterID)
}

// SecurityDir returns where a profile's connection and cluster files live.
func SecurityDir(profileDir string) string { return filepath.Join(profileDir, "security") }

// LogDir returns where a profile's hubs and engines log.
func LogDir(profileDir string) string { return filepath.Join(profileDir, "log") }

// JournalDir returns the folder of a hub's journal. A folder with ".old" behind the name may be beside it.
func JournalDir(profileDir, clusterID string) string {
	name := "hub"
	if clusterID != "" {
		name += "-" + clusterID
	}
	return filepath.Join(LogDir(profileDir), name+".journal")
}

// ClientFile returns the path of the client connection file of a cluster.
func ClientFile(profileDir, clusterID string) string { return file(profileDir, clusterID, "client") }

// EngineFile returns the path of the engine connection file of a cluster.
func EngineFile(profileDir, clusterID string) string { return file(profileDir, clusterID, "engine") }

func file(profileDir, clusterID, who string) string {
	name := "ipcontroller-"
	if clusterID != "" {
		name += clusterID + "-"
	}
	return filepath.Join(SecurityDir(profileDir), name+who+".json")
}

// writeAtomic writes v as indented JSON through a temporary file in the same
// directory, which is created if it is missing.
func writeAtomic(path string, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // keys contain < and &, and people copy them
	if err := e.Encode(v); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	f, err := os.CreateTemp(dir, ".tmp-*") // created with mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(b.Bytes())
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // best effort: it never became visible under its name
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
