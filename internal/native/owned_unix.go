//go:build unix

package native

import (
	"fmt"
	"os"
	"syscall"
)

// owned refuses a folder that another user could have put something into: what is in a cache runs.
func owned(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && int(st.Uid) != os.Geteuid():
		return fmt.Errorf("cache folder %s belongs to another user (%d): what is in it would run as you; use another, by $XDG_CACHE_HOME", dir, st.Uid)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("cache folder %s can be written by others (mode %#o): what is in it would run as you; chmod go-w it, or remove it", dir, info.Mode().Perm())
	}
	return nil
}
