package codec

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ObjectPath returns the file of a unit that is loaded in this process, for engines that lack it: the system knows where
// the plugin was mapped from.
func ObjectPath(hash string) (string, error) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return "", fmt.Errorf("find the object of unit %s: %w", hash, err)
	}
	defer f.Close() //nolint:errcheck // read only
	for lines := bufio.NewScanner(f); lines.Scan(); {
		i := strings.IndexByte(lines.Text(), '/')
		if i < 0 {
			continue
		}
		path := strings.TrimSuffix(lines.Text()[i:], " (deleted)")
		if strings.TrimSuffix(filepath.Base(path), ".so") == hash {
			return path, nil
		}
	}
	return "", fmt.Errorf("unit %s is not loaded in this process", hash)
}
