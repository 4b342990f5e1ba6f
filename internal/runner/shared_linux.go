package runner

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Lines says that Runner.Queue can be used: parent and child share memory.
const Lines = true

// shared is a page of memory that parent and child both see. It keeps apart whose output is whose while tasks run one after
// the other without the parent's help; see line.go.
type shared struct{ page []byte }

// sharedSize is the page's size; sharedMagic is at its beginning, so that a child knows it from another file.
const (
	sharedSize  = 4096
	sharedMagic = "gopar line page 1"
	atRunning   = 64  // uint64: the task that began last; written by the child
	atReading   = 128 // uint32: 1 while the parent reads output; written by the parent
)

// newShared makes a page for a child, which gets the file.
func newShared() (*shared, *os.File, error) {
	fd, err := unix.MemfdCreate("gopar-line", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, err
	}
	f := os.NewFile(uintptr(fd), "gopar-line")
	if err := f.Truncate(sharedSize); err != nil {
		_ = f.Close() // nothing is in it
		return nil, nil, err
	}
	s, err := mapShared(fd)
	if err != nil {
		_ = f.Close() // nothing is in it
		return nil, nil, err
	}
	copy(s.page, sharedMagic)
	return s, f, nil
}

// openShared returns the page that a child inherited as descriptor fd, nil if it has none.
func openShared(fd int) *shared {
	var st syscall.Stat_t
	if syscall.Fstat(fd, &st) != nil || st.Size != sharedSize || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil
	}
	s, err := mapShared(fd)
	if err != nil {
		return nil
	}
	if string(s.page[:len(sharedMagic)]) != sharedMagic {
		return nil
	}
	_ = syscall.Close(fd) // the mapping stays
	return s
}

func mapShared(fd int) (*shared, error) {
	b, err := unix.Mmap(fd, 0, sharedSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	s := &shared{page: b}
	runtime.AddCleanup(s, func(b []byte) { _ = unix.Munmap(b) }, b) // it was mapped by us
	return s, nil
}

func (s *shared) begin(seq uint64) { (*atomic.Uint64)(unsafe.Pointer(&s.page[atRunning])).Store(seq) }
func (s *shared) running() uint64  { return (*atomic.Uint64)(unsafe.Pointer(&s.page[atRunning])).Load() }

func (s *shared) reads(now bool) {
	var v uint32
	if now {
		v = 1
	}
	(*atomic.Uint32)(unsafe.Pointer(&s.page[atReading])).Store(v)
}

// dry reports, in the child, that the parent has taken note of all that was written to the pipes before.
func (s *shared) dry(pipes [2]int) bool {
	for _, fd := range pipes {
		if n, err := unix.IoctlGetInt(fd, unix.TIOCINQ); err != nil || n != 0 {
			return false
		}
	}
	return (*atomic.Uint32)(unsafe.Pointer(&s.page[atReading])).Load() == 0
}
