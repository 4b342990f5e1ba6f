package memory

import (
	"syscall"
	"unsafe"
)

// hugePages asks for large pages where b is not in use yet.
func hugePages(b []byte) {
	page := uintptr(syscall.Getpagesize())
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(b))) % page
	size := (uintptr(len(b)) - skip) / page * page
	_ = syscall.Madvise(b[skip:skip+size], syscall.MADV_HUGEPAGE) // best effort: without them it is slower
}
