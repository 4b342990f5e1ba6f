package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func entry(kind byte, parts ...string) Entry {
	e := Entry{Kind: kind, Parts: [][]byte{}}
	for _, p := range parts {
		e.Parts = append(e.Parts, []byte(p))
	}
	return e
}

// restored returns the entries of a journal as text, and the journal.
func restored(t *testing.T, c Config) ([]string, *Journal) {
	t.Helper()
	var list []string
	j, err := Restore(c, func(e Entry) error {
		list = append(list, fmt.Sprintf("%c%q", e.Kind, e.Parts))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, j
}

func closed(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEntriesComeBack(t *testing.T) {
	c := Config{Dir: filepath.Join(t.TempDir(), "j")}
	j, err := Create(c)
	if err != nil {
		t.Fatal(err)
	}
	j.Append(entry('a', "x", "", "yy"))
	j.Append(entry('b'))
	j.Append(entry('c', string(make([]byte, 2<<20))))
	closed(t, j)
	got, j := restored(t, c)
	if len(got) != 3 || got[0] != `a["x" "" "yy"]` || got[1] != `b[]` {
		t.Errorf("%.100q", got)
	}
	j.Append(entry('d'))
	closed(t, j)
	if got, j = restored(t, c); len(got) != 4 || got[3] != "d[]" {
		t.Errorf("%.100q", got)
	}
	closed(t, j)
	if j, err = Create(c); err != nil {
		t.Fatal(err)
	}
	closed(t, j)
	if got, j = restored(t, c); len(got) != 0 {
		t.Errorf("a new journal holds %.100q", got)
	}
	closed(t, j)
	c.Dir += ".old"
	if got, j = restored(t, c); len(got) != 4 {
		t.Errorf("the old one holds %.100q", got)
	}
	closed(t, j)
	if i, err := os.Stat(c.Dir); err != nil || i.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", i, err)
	}
}

// TestWhatIsWrittenIsThereAtOnce is the promise of --restore after SIGKILL: nothing waits for Close.
func TestWhatIsWrittenIsThereAtOnce(t *testing.T) {
	c := Config{Dir: t.TempDir(), Sync: -1}
	j, err := Create(c)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, j)
	j.Append(entry('a', "x"))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(10 * time.Second); ; <-tick.C {
		n := 0
		if err := read(filepath.Join(c.Dir, name(1)), func(Entry) error { n++; return nil }, func(err error) { t.Log(err) }); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			return
		}
		if time.Now().After(limit) {
			t.Fatal("not written")
		}
	}
}

func TestATornTailIsTolerated(t *testing.T) {
	whole := []byte(magic)
	var ends []int
	for i := range 5 {
		e := entry('a', fmt.Sprint(i), "some text")
		whole = appendEntry(whole, &e)
		ends = append(ends, len(whole))
	}
	for cut := range len(whole) + 1 {
		n := 0
		err := readFrom(bytes.NewReader(whole[:cut]), func(Entry) error { n++; return nil }, func(error) {})
		want := 0
		for _, end := range ends {
			if end <= cut {
				want++
			}
		}
		if err != nil || n != want {
			t.Fatalf("cut at %d: %d entries, want %d; %v", cut, n, want, err)
		}
	}
	for at := len(magic); at < len(whole); at++ { // and a damaged byte anywhere
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x55
		n, told := 0, false
		err := readFrom(bytes.NewReader(damaged), func(Entry) error { n++; return nil }, func(error) { told = true })
		if err != nil || n >= 5 || !told {
			t.Fatalf("damaged at %d: %d entries, told %t; %v", at, n, told, err)
		}
	}
}

func TestSegmentsAreBounded(t *testing.T) {
	c := Config{Dir: t.TempDir(), Segment: 10_000, Total: 50_000, Backlog: 1}
	j, err := Create(c)
	if err != nil {
		t.Fatal(err)
	}
	rotations := 0
	for i := range 2000 {
		j.Append(entry('e', fmt.Sprint(i), string(make([]byte, 100))))
		if j.Full(0) {
			j.Rotate([]Entry{entry('s', fmt.Sprint(i)), entry('.')})
			rotations++
		}
		j.Room()
	}
	closed(t, j)
	found, err := list(c.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, s := range found {
		total += s.size
	}
	if total > c.Total+2*c.Segment+1000 || rotations < 5 {
		t.Errorf("%d bytes in %d segments after %d rotations", total, len(found), rotations)
	}
	got, j := restored(t, c)
	defer closed(t, j)
	if got[0][0] != 's' || got[1][0] != '.' || got[len(got)-1][:8] != `e["1999"` {
		t.Errorf("from %.20s to %.20s", got[0], got[len(got)-1])
	}
}

func TestTwoDoNotWriteOneJournal(t *testing.T) {
	c := Config{Dir: t.TempDir()}
	j, err := Create(c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(c); !errors.Is(err, ErrLocked) {
		t.Errorf("%v", err)
	}
	if _, err := Restore(c, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("%v", err)
	}
	closed(t, j)
}

func TestADiskThatFailsHoldsNobodyUp(t *testing.T) {
	j, err := Create(Config{Dir: t.TempDir(), Backlog: 1})
	if err != nil {
		t.Fatal(err)
	}
	j.Append(entry('a', "x"))
	j.Room()
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		j.Append(entry('a', "x"))
		j.Room()
	}
	if err := j.Close(); err == nil {
		t.Error("nothing told")
	}
}

func FuzzRead(f *testing.F) {
	e, big := entry('a', "x", "", "yy"), entry('b', string(make([]byte, 300)))
	f.Add(appendEntry(appendEntry([]byte(magic), &e), &big))
	f.Add([]byte(magic + "\xff\xff\xff\x03aaaabbbb"))
	f.Fuzz(func(t *testing.T, b []byte) {
		again := []byte(magic)
		var first []Entry
		if err := readFrom(bytes.NewReader(b), func(e Entry) error {
			first = append(first, e)
			again = appendEntry(again, &e)
			return nil
		}, func(error) {}); err != nil {
			t.Fatal(err)
		}
		i := 0
		if err := readFrom(bytes.NewReader(again), func(e Entry) error {
			if e.Kind != first[i].Kind || !slices.EqualFunc(e.Parts, first[i].Parts, bytes.Equal) {
				t.Errorf("%v comes back as %v", first[i], e)
			}
			i++
			return nil
		}, func(err error) { t.Error(err) }); err != nil || i != len(first) {
			t.Errorf("%d of %d come back, %v", i, len(first), err)
		}
		if body, err := parseBody(b); err == nil && len(body.Parts) > len(b) {
			t.Error("more parts than bytes")
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	j, err := Create(Config{Dir: b.TempDir(), Segment: 1 << 40})
	if err != nil {
		b.Fatal(err)
	}
	e := entry('a', string(make([]byte, 400)), string(make([]byte, 300)), "xyz")
	b.SetBytes(e.Size())
	for b.Loop() {
		j.Append(e)
		j.Room()
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}
