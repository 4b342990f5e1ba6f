package kernel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHistorySurvivesSessionsAndDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "h", "history.jsonl")
	first := OpenHistory(path)
	if entries, err := first.Tail(10); err != nil || len(entries) != 0 {
		t.Errorf("before anything: %v, %v", entries, err)
	}
	add := func(h *History, line int, in string) {
		t.Helper()
		if err := h.Add(line, in, strings.Repeat("é", maxHistoryOutput)); err != nil {
			t.Fatal(err)
		}
	}
	add(first, 1, "a := `\n<b>`")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("{\"torn\n\n[]\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	second := OpenHistory(path)
	add(second, 1, "b")
	add(first, 2, "c")
	for _, test := range []struct {
		h       *History
		session int
		want    string
	}{
		{first, 0, "a := `\n<b>`|c"}, {first, 1, "a := `\n<b>`|c"}, {second, 0, "b"}, {second, -1, "a := `\n<b>`|c"}, {second, -2, ""}, {second, 9, ""},
	} {
		entries, err := test.h.Range(test.session, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var inputs []string
		for _, e := range entries {
			inputs = append(inputs, e.Input)
		}
		if got := strings.Join(inputs, "|"); got != test.want {
			t.Errorf("session %d: %q, want %q", test.session, got, test.want)
		}
	}
	entries, err := OpenHistory(path).Search("*<b>*", 0, false)
	if err != nil || len(entries) != 1 || len(entries[0].Output) > maxHistoryOutput+len("…") {
		t.Errorf("%d found, %v", len(entries), err)
	}
}

func TestLongHistoryForgetsItsOlderHalf(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.jsonl")
	line := `{"session":1,"line":1,"in":"` + strings.Repeat("x", 1<<20) + "\"}\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(line, 16)), 0o600); err != nil {
		t.Fatal(err)
	}
	h := OpenHistory(path)
	if err := h.Add(1, "latest", ""); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil || st.Size() > maxHistoryFile/2+int64(len(line)) {
		t.Errorf("%v, %v", st, err)
	}
	entries, err := OpenHistory(path).Tail(0)
	if err != nil || len(entries) < 7 || entries[len(entries)-1].Input != "latest" {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}

func TestHistoryThatCannotBeStoredIsStillThere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := OpenHistory(filepath.Join(file, "history.jsonl"))
	if err := h.Add(1, "x", ""); err == nil {
		t.Error("no error")
	}
	if len(h.memory) != 1 {
		t.Errorf("%v", h.memory)
	}
}

func TestGlobMatchesAsShellsDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "anything", true}, {"a*", "abc", true}, {"a*", "xa", false}, {"*a*", "x\na\n", true}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"[ab]x", "bx", true}, {"[!ab]x", "bx", false}, {"[a-c]", "b", true}, {"[", "[", true}, {"[]", "[]", true}, {"a.b", "axb", false},
		{`a\b`, `a\b`, true}, {"é?", "éé", true}, {"(", "(", true},
	} {
		re, err := glob(test.pattern)
		if err != nil {
			t.Errorf("%q: %v", test.pattern, err)
			continue
		}
		if got := re.MatchString(test.text); got != test.want {
			t.Errorf("%q on %q: %v", test.pattern, test.text, got)
		}
	}
	if _, err := glob("[z-a]"); err == nil {
		t.Error("[z-a] accepted")
	}
}
