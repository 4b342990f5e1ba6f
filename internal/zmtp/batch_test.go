package zmtp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// After every possible number of written bytes, after returns the messages that are not whole among them, and only those.
func TestAfterReturnsTheMessagesNotWritten(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		b := batch{keep: true}
		var messages [][][]byte
		var ends []int64
		for i := range 1 + random.IntN(8) {
			if random.IntN(3) == 0 {
				b.addControl([]byte("\x01topic"))
			}
			if random.IntN(3) == 0 {
				b.addCommand("PONG", nil)
			}
			m := [][]byte{fmt.Append(nil, "m", i)}
			for range random.IntN(3) {
				m = append(m, make([]byte, []int{0, 300, bigFrame - 1, bigFrame, bigFrame + 1}[random.IntN(5)]))
			}
			b.add(m)
			messages = append(messages, m)
			ends = append(ends, b.size)
		}
		var later batch
		later.keep = true
		later.add([][]byte{[]byte("later")})
		for n := int64(0); n <= b.size; n += 1 + random.Int64N(1+b.size/50) {
			left := b.after(n)
			left.join(&later)
			left = left.after(0) // again, as when the next connection breaks too
			got, _, _ := readAll(bytes.NewReader(flat(t, &left)))
			first, _ := slices.BinarySearch(ends, n+1)
			want := append(slices.Clone(messages[first:]), [][]byte{[]byte("later")})
			if !slices.EqualFunc(got, want, equal) {
				t.Fatalf("%d of %d bytes written: %d messages left, want %d", n, b.size, len(got), len(want))
			}
		}
	}
}

func TestTopicsCountTheirSubscriptions(t *testing.T) {
	t.Parallel()
	var s topics
	steps := []struct {
		do    string // + subscribe, - cancel, then the topic
		match string // topics that match then, of those below
	}{
		{"", ""}, {"+ab", "ab abc"}, {"+ab", "ab abc"}, {"-ab", "ab abc"}, {"+", "a ab abc x "}, {"-ab", "a ab abc x "},
		{"-", ""}, {"-", ""}, {"-never", ""}, {"+abc", "abc"}, {"+x", "abc x"}, {"-abc", "x"},
	}
	for _, step := range steps {
		if len(step.do) > 0 {
			topic := []byte(step.do[1:])
			if step.do[0] == '+' {
				if err := s.add(topic); err != nil {
					t.Fatal(err)
				}
			} else {
				s.remove(topic)
			}
		}
		got := ""
		for _, topic := range []string{"a", "ab", "abc", "x", ""} {
			if s.match([]byte(topic)) {
				got += " " + topic
			}
		}
		want := step.match
		if want != "" {
			want = " " + want
		}
		if got != want {
			t.Errorf("after %q: match %q, want %q", step.do, got, want)
		}
	}
	if len(s.lengths) != 1 || s.bytes != 1 {
		t.Errorf("lengths %v, %d bytes left; want those of x", s.lengths, s.bytes)
	}
}
