package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxHistoryOutput bounds the output stored with a cell; front ends show a line
// of it.
const maxHistoryOutput = 4 << 10

// HistoryEntry is one cell that was run.
type HistoryEntry struct {
	Session int    `json:"session"` // a number per kernel process, growing
	Line    int    `json:"line"`    // N of In[N]
	Input   string `json:"in"`
	Output  string `json:"out,omitempty"` // text/plain of the result
}

// History is what was run, in this session and, with a file, in all earlier
// ones. Its methods may be called concurrently, and several processes may use
// one file: entries are appended whole, under a lock, and lines that do not
// parse are passed over.
type History struct {
	path string // empty: in memory only

	mu      sync.Mutex
	session int            // guarded by mu; 0 until the first Add claims one
	memory  []HistoryEntry // guarded by mu: this session's
}

// NewHistory returns a History in memory.
func NewHistory() *History { return &History{session: 1} }

// OpenHistory returns the History in the file at path, which is created, with
// its folder, when the first cell was run.
func OpenHistory(path string) *History { return &History{path: path} }

// HistoryPath returns where the user's history is kept: gopar/history.jsonl in
// the user's data folder.
func HistoryPath() (string, error) {
	dir := os.Getenv("XDG_DATA_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("history: %w", err)
		}
		switch runtime.GOOS {
		case "darwin":
			dir = filepath.Join(home, "Library", "Application Support")
		case "windows":
			dir = filepath.Join(home, "AppData", "Local")
		default:
			dir = filepath.Join(home, ".local", "share")
		}
	}
	return filepath.Join(dir, "gopar", "history.jsonl"), nil
}

// Add stores a cell as the latest of this session.
func (h *History) Add(line int, input, output string) error {
	if len(output) > maxHistoryOutput {
		output = strings.ToValidUTF8(output[:maxHistoryOutput], "") + "…"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	e := HistoryEntry{Session: h.session, Line: line, Input: input, Output: output}
	err := h.store(&e)
	h.memory = append(h.memory, e)
	return err
}

// Tail returns the last n entries of all sessions; 0: all.
func (h *History) Tail(n int) ([]HistoryEntry, error) {
	entries, _, err := h.all()
	return last(entries, n), err
}

// Range returns the entries of one session from line start to before line stop;
// stop 0: to its end. Session 0 is the current one, -1 the one before it.
func (h *History) Range(session, start, stop int) ([]HistoryEntry, error) {
	entries, current, err := h.all()
	if err != nil {
		return nil, err
	}
	if session <= 0 {
		sessions := []int{}
		for _, e := range entries {
			if e.Session != current {
				sessions = append(sessions, e.Session)
			}
		}
		slices.Sort(sessions)
		sessions = append(slices.Compact(sessions), current)
		i := len(sessions) - 1 + session
		if i < 0 {
			return nil, nil
		}
		session = sessions[i]
	}
	return slices.DeleteFunc(entries, func(e HistoryEntry) bool {
		return e.Session != session || e.Line < start || (stop > 0 && e.Line >= stop)
	}), nil
}

// Search returns the last n entries (0: all) whose whole input matches the glob
// pattern, in which * stands for any text, ? for one character and [a-z] for
// one of a set. With unique, only the latest of equal inputs is returned.
func (h *History) Search(pattern string, n int, unique bool) ([]HistoryEntry, error) {
	match, err := glob(pattern)
	if err != nil {
		return nil, err
	}
	entries, _, err := h.all()
	if err != nil {
		return nil, err
	}
	seen := make(map[string]bool)
	var found []HistoryEntry
	for _, e := range slices.Backward(entries) {
		if !match.MatchString(e.Input) || (unique && seen[e.Input]) {
			continue
		}
		seen[e.Input] = true
		if found = append(found, e); n > 0 && len(found) == n {
			break
		}
	}
	slices.Reverse(found)
	return found, nil
}

// last returns the last n entries; 0: all.
func last(entries []HistoryEntry, n int) []HistoryEntry {
	if n > 0 && len(entries) > n {
		return entries[len(entries)-n:]
	}
	return entries
}

// glob returns pattern as a regular expression for a whole text; an empty
// pattern matches everything.
func glob(pattern string) (*regexp.Regexp, error) {
	if pattern == "" {
		pattern = "*"
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for pattern != "" {
		c, size := utf8.DecodeRuneInString(pattern)
		char := pattern[:size]
		pattern = pattern[size:]
		switch end := strings.IndexByte(pattern, ']'); {
		case c == '*':
			b.WriteString(".*")
		case c == '?':
			b.WriteByte('.')
		case c == '[' && end > 0:
			b.WriteString(globSet(pattern[:end]))
			pattern = pattern[end+1:]
		default:
			b.WriteString(regexp.QuoteMeta(char))
		}
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return re, nil
}

// globSet returns the set [set] of a glob as one of a regular expression.
func globSet(set string) string {
	negate := ""
	if len(set) > 1 && (set[0] == '!' || set[0] == '^') {
		negate, set = "^", set[1:]
	}
	return "[" + negate + strings.NewReplacer(`\`, `\\`, `[`, `\[`, `^`, `\^`).Replace(set) + "]"
}

// all returns the entries of all sessions, oldest first, and the number of the
// current session. This session's come from memory, so they are there also
// when the file is not.
func (h *History) all() ([]HistoryEntry, int, error) {
	h.mu.Lock()
	memory, session := slices.Clone(h.memory), h.session
	h.mu.Unlock()
	if h.path == "" {
		return memory, session, nil
	}
	entries, err := readHistory(h.path)
	if err != nil {
		return nil, 0, err
	}
	entries = slices.DeleteFunc(entries, func(e HistoryEntry) bool { return session != 0 && e.Session == session })
	return append(entries, memory...), session, nil
}
