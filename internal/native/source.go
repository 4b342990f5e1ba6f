package native

import (
	"path/filepath"
	"strings"
)

// SourceDir returns the folder that holds the source of a package of the standard library, of gopar or of the overlay, for
// documentation; "" for any other.
func (t *Toolchain) SourceDir(path string) string {
	if p, ok := t.extra(path); ok {
		return p.Dir
	}
	if sub, ok := strings.CutPrefix(path, modulePath+"/"); ok {
		return filepath.Join(t.source, sub)
	}
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
		return ""
	}
	return filepath.Join(t.goroot, "src", filepath.FromSlash(path))
}
