package zmtp

import (
	"fmt"
	"slices"
)

const (
	maxTopics     = 64 << 10 // a peer's subscriptions
	maxTopicBytes = 8 << 20  // the sum of their lengths
)

// topics is the set of prefixes a peer has subscribed to, with the number of times it did: it takes as many cancels to leave one. The
// zero value is empty.
type topics struct {
	count   map[string]int
	lengths []int       // of the topics, distinct, ascending
	ofLen   map[int]int // number of topics of each length
	bytes   int
}

func (t *topics) add(topic []byte) error {
	if n := t.count[string(topic)]; n > 0 {
		t.count[string(topic)] = n + 1
		return nil
	}
	if len(t.count) >= maxTopics || t.bytes+len(topic) > maxTopicBytes {
		return fmt.Errorf("%w: more than %d topics or %d bytes of them", ErrTooLarge, maxTopics, maxTopicBytes)
	}
	if t.count == nil {
		t.count, t.ofLen = make(map[string]int), make(map[int]int)
	}
	t.count[string(topic)] = 1
	t.bytes += len(topic)
	t.ofLen[len(topic)]++
	if i, found := slices.BinarySearch(t.lengths, len(topic)); !found {
		t.lengths = slices.Insert(t.lengths, i, len(topic))
	}
	return nil
}

func (t *topics) remove(topic []byte) {
	n := t.count[string(topic)]
	if n > 1 {
		t.count[string(topic)] = n - 1
	}
	if n != 1 {
		return
	}
	delete(t.count, string(topic))
	t.bytes -= len(topic)
	t.ofLen[len(topic)]--
	if t.ofLen[len(topic)] > 0 {
		return
	}
	delete(t.ofLen, len(topic))
	if i, found := slices.BinarySearch(t.lengths, len(topic)); found {
		t.lengths = slices.Delete(t.lengths, i, i+1)
	}
}

// match reports whether a prefix of topic is in the set.
func (t *topics) match(topic []byte) bool {
	for _, n := range t.lengths {
		if n > len(topic) {
			return false
		}
		if t.count[string(topic[:n])] > 0 {
			return true
		}
	}
	return false
}
