package kernel

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// maxHistoryFile is the size above which the older half of the file is
// forgotten: some 50,000 cells.
const maxHistoryFile = 16 << 20

// store appends e to the file and, the first time, claims a session number. mu
// is held.
func (h *History) store(e *HistoryEntry) error {
	if h.path == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	unlock, err := lockFile(h.path + ".lock")
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	defer unlock()
	if h.session == 0 {
		if h.session, err = nextSession(h.path); err != nil {
			return err
		}
		e.Session = h.session
	}
	line, err := encode(e)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return appendHistory(h.path, append(line, '\n'))
}

// appendHistory writes line to the end of the file, and shortens the file when
// it is too large. The lock is held.
func appendHistory(path string, line []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	_, err = f.Write(line)
	var size int64
	if st, statErr := f.Stat(); statErr == nil {
		size = st.Size()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if size <= maxHistoryFile {
		return nil
	}
	return shortenHistory(path)
}

// shortenHistory drops the older half of the file. The lock is held; who reads
// meanwhile sees the old file or the new one.
func shortenHistory(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	b = b[len(b)/2:]
	b = b[bytes.IndexByte(b, '\n')+1:]
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// nextSession returns a number above those of all sessions in the file. The
// lock is held, and the caller writes an entry with it before releasing it.
func nextSession(path string) (int, error) {
	entries, err := readHistory(path)
	n := 0
	for _, e := range entries {
		n = max(n, e.Session)
	}
	return n + 1, err
}

// readHistory returns the entries in the file; a file that does not exist has
// none.
func readHistory(path string) ([]HistoryEntry, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	var entries []HistoryEntry
	r := bufio.NewReaderSize(io.LimitReader(f, 2*maxHistoryFile), 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		var e HistoryEntry
		if json.Unmarshal(line, &e) == nil && e.Session > 0 {
			entries = append(entries, e)
		}
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
	}
}
