package codec

import (
	"bufio"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// Build identifies the running program's build: equal in two processes only if they run the same executable. It is the
// linker's content id where the executable has one, else a checksum of it.
var Build = sync.OnceValue(func() string {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Sprintf("unknown-%d", os.Getpid()) // equal to nothing but itself
	}
	if f, err := elf.Open(exe); err == nil {
		defer f.Close() //nolint:errcheck // read only
		if s := f.Section(".note.go.buildid"); s != nil {
			if b, err := s.Data(); err == nil && len(b) > 16+8 {
				sum := sha256.Sum256(b)
				return "go:" + hex.EncodeToString(sum[:16])
			}
		}
	}
	sum, err := Executable()
	if err != nil {
		return fmt.Sprintf("unknown-%d", os.Getpid())
	}
	return "sha256:" + sum
})

// Executable returns the SHA-256 of the running executable's file, in hexadecimal. The first call reads it.
var Executable = sync.OnceValues(func() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(exe)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // read only
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
})

// segments are the parts of the running executable in memory; what is allocated at run time is in none of them.
var segments = sync.OnceValue(func() (parts [][2]uintptr) {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	if p, err := filepath.EvalSymlinks(exe); err == nil {
		exe = p
	}
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // read only
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || strings.TrimSuffix(strings.Join(fields[5:], " "), " (deleted)") != exe {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		a, err1 := strconv.ParseUint(from, 16, 64)
		b, err2 := strconv.ParseUint(to, 16, 64)
		if err1 == nil && err2 == nil {
			parts = append(parts, [2]uintptr{uintptr(a), uintptr(b)})
		}
	}
	return parts
})

// inProgram reports whether the closure at address at, of the function called name, is part of the executable. Where the
// system does not tell (other than Linux), the name decides: the compiler calls literals func1, func2, ….
func inProgram(at uintptr, name string) bool {
	if len(segments()) == 0 {
		return !strings.Contains(name, ".func") && !strings.Contains(name, "[")
	}
	for _, s := range segments() {
		if s[0] <= at && at < s[1] {
			return true
		}
	}
	return false
}
