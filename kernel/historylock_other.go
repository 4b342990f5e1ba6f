//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package kernel

// lockFile does not lock on this system: two kernels that run their first cell
// at the same instant may share a session number. Entries are appended whole
// all the same.
func lockFile(string) (unlock func(), err error) { return func() {}, nil }
