package native

import (
	"path/filepath"
	"strings"
)

// SourceDir returns the folder that holds the source of a package of the standard library or of gopar, for documentation; ""
// for any other.
func (t *Toolchain) SourceDir(path string) string {
	if sub, ok := strings.CutPrefix(path, modulePath+"/"); ok {
		return filepath.Join(t.source, sub)
	}
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
		return ""
	}
	return filepath.Join(t.goroot, "src", filepath.FromSlash(path))
}
