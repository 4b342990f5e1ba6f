package notebook

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxFile bounds how much of a notebook file is read: 1 GiB, because notebooks hold pictures, and
// Jupyter itself becomes unusable long before.
const maxFile = 1 << 30

// Errors of reading a notebook; test with errors.Is.
var (
	ErrNotJSON     = errors.New("not JSON")
	ErrNotNotebook = errors.New("not a Jupyter notebook")
	ErrTooOld      = errors.New("notebook format too old (convert it: jupyter nbconvert --to notebook --nbformat 4)")
)

// Read reads the notebook file at path. Notebooks of formats 4.0 to 4.4 are brought to 4.5: their cells get ids.
func Read(path string) (*Notebook, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	n, err := Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

// Decode reads a notebook from the content of its file, as [Read] does.
func Decode(raw []byte) (*Notebook, error) {
	if len(raw) > maxFile {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrNotNotebook, maxFile)
	}
	var head struct {
		Format      *int             `json:"nbformat"`
		FormatMinor int              `json:"nbformat_minor"`
		Cells       *json.RawMessage `json:"cells"`
	}
	err := json.Unmarshal(raw, &head)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		line, column := position(raw, syntax.Offset)
		return nil, fmt.Errorf("%w: line %d column %d: %s", ErrNotJSON, line, column, syntax)
	}
	switch {
	case err != nil || head.Format == nil:
		return nil, fmt.Errorf("%w: no nbformat", ErrNotNotebook)
	case *head.Format < Format:
		return nil, fmt.Errorf("%w: format %d", ErrTooOld, *head.Format)
	case *head.Format > Format:
		return nil, fmt.Errorf("%w: format %d is newer than %d", ErrNotNotebook, *head.Format, Format)
	case head.Cells == nil:
		return nil, fmt.Errorf("%w: no cells", ErrNotNotebook)
	}
	n := new(Notebook)
	if err := json.Unmarshal(raw, n); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotNotebook, err)
	}
	for i, c := range n.Cells {
		if c == nil {
			return nil, fmt.Errorf("%w: cell %d is null", ErrNotNotebook, i+1)
		}
		for j, o := range c.Outputs {
			if o == nil {
				return nil, fmt.Errorf("%w: output %d of cell %d is null", ErrNotNotebook, j+1, i+1)
			}
		}
		if c.ID == "" && n.FormatMinor < FormatMinor {
			c.ID = newCellID()
		}
	}
	n.FormatMinor = max(n.FormatMinor, FormatMinor)
	if err := n.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotNotebook, err)
	}
	return n, nil
}

func newCellID() string { return strings.ToLower(rand.Text()[:8]) }

// position is where offset is in text, both counted from 1.
func position(text []byte, offset int64) (line, column int) {
	before := text[:min(max(offset-1, 0), int64(len(text)))]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// Encode is the content of n's file, laid out as nbformat does it. An invalid notebook is refused.
func Encode(n *Notebook) ([]byte, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	whole := *n
	whole.Metadata = some(n.Metadata)
	if whole.Cells == nil {
		whole.Cells = []*Cell{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(&whole); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Write replaces the file at path by n, as a whole or, with an error, not at all. The file keeps its permissions.
func Write(path string, n *Notebook) error {
	content, err := Encode(n)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays a link
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".notebook-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // fails after the rename, as it should
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Close()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.Rename(tmp.Name(), path)
}
