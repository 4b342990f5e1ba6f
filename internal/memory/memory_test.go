package memory

import (
	"runtime"
	"testing"
	"time"
	"unsafe"
)

func TestBuffersHaveTheirSize(t *testing.T) {
	for _, n := range []int{0, 1, large - 1, large, huge + 12345} {
		b := Buffer(n)
		if len(b) != n {
			t.Errorf("%d bytes, want %d", len(b), n)
		}
		for i := range b {
			b[i] = 1
		}
	}
}

func TestOnlyAFreeBufferIsUsedAgain(t *testing.T) {
	const n = 3 * huge
	b := Buffer(n)
	held := b[n-1:] // a part keeps the whole
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	b = nil
	_ = b
	collect := func() bool {
		runtime.GC()
		spare.mu.Lock()
		defer spare.mu.Unlock()
		return spare.size >= n
	}
	for range 3 {
		if collect() {
			t.Fatal("a buffer is free that is held")
		}
	}
	held[0] = 1
	runtime.KeepAlive(held)
	held = nil
	_ = held
	for end := time.Now().Add(10 * time.Second); !collect(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the buffer did not become free")
		}
	}
	again := Buffer(n - 100)
	if uintptr(unsafe.Pointer(unsafe.SliceData(again))) != at || len(again) != n-100 {
		t.Errorf("got another buffer, of %d bytes", len(again))
	}
	spare.drop()
}

func BenchmarkBuffer(b *testing.B) {
	const n = 100 << 20
	b.SetBytes(n)
	for b.Loop() {
		p := Buffer(n)
		for i := 0; i < n; i += 4096 {
			p[i] = 1
		}
	}
}
