package jupyter

import (
	"encoding/hex"
	"sync"

	"crypto/sha256"
)

// replayWindow remembers the last signatures accepted. Once full, the oldest
// is forgotten for each added one.
type replayWindow struct {
	mu   sync.Mutex
	set  map[[sha256.Size]byte]struct{} // guarded by mu
	ring [][sha256.Size]byte            // guarded by mu; the members of set in order of arrival
	next int                            // guarded by mu; the oldest entry once ring is full
	size int
}

func newReplayWindow(n int) *replayWindow {
	return &replayWindow{set: make(map[[sha256.Size]byte]struct{}), size: n}
}

// add remembers a valid hexadecimal signature and reports whether it was
// not there before.
func (w *replayWindow) add(signature []byte) bool {
	var sum [sha256.Size]byte
	if _, err := hex.Decode(sum[:], signature); err != nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.set[sum]; ok {
		return false
	}
	w.set[sum] = struct{}{}
	if len(w.ring) < w.size {
		w.ring = append(w.ring, sum)
		return true
	}
	delete(w.set, w.ring[w.next])
	w.ring[w.next] = sum
	w.next = (w.next + 1) % w.size
	return true
}
