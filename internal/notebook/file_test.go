package notebook_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/notebook"
)

// asWritten is a notebook as nbformat.write of Jupyter writes it.
const asWritten = `{
 "cells": [
  {
   "attachments": {
    "a.png": {
     "image/png": "cA=="
    }
   },
   "cell_type": "markdown",
   "id": "a",
   "metadata": {},
   "source": [
    "# <Title> & more\n",
    "ünïcode"
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 1,
   "id": "b",
   "metadata": {
    "tags": [
     "x"
    ]
   },
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "30\n"
     ]
    },
    {
     "data": {
      "application/json": {
       "big": 12345678901234567890
      },
      "text/html": [
       "<b>\n",
       "30</b>"
      ],
      "text/plain": [
       "30"
      ]
     },
     "execution_count": 1,
     "metadata": {},
     "output_type": "execute_result"
    },
    {
     "ename": "E",
     "evalue": "v",
     "output_type": "error",
     "traceback": []
    }
   ],
   "source": [
    "5*6"
   ]
  },
  {
   "cell_type": "raw",
   "id": "c",
   "metadata": {},
   "source": []
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Go (gopar)",
   "language": "go",
   "name": "gopar"
  },
  "unknown": {
   "kept": true
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`

func TestReadAndWriteKeepANotebookByteForByte(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "n.ipynb")
	if err := os.WriteFile(path, []byte(asWritten), 0o600); err != nil {
		t.Fatal(err)
	}
	n, err := notebook.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if name, language := n.KernelName(); name != "gopar" || language != "go" {
		t.Errorf("kernel %q, %q", name, language)
	}
	if got := n.Cells[0].Source; got != "# <Title> & more\nünïcode" {
		t.Errorf("source %q", got)
	}
	if err := notebook.Write(path, n); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != asWritten {
		t.Errorf("got\n%s\n%v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestOlderMinorFormatsGetCellIDs(t *testing.T) {
	t.Parallel()
	n, err := notebook.Decode([]byte(`{"cells": [{"cell_type": "code", "source": "1", "metadata": {}, "outputs": []},
		{"cell_type": "raw", "source": ["a\n", "b"], "metadata": {}}], "metadata": {}, "nbformat": 4, "nbformat_minor": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	if n.FormatMinor != 5 || n.Cells[0].ID == "" || n.Cells[0].ID == n.Cells[1].ID || n.Cells[1].Source != "a\nb" {
		t.Errorf("got %+v, %+v", n.Cells[0], n.Cells[1])
	}
}

func TestWhatIsNoNotebookIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		content string
		want    error
		says    string
	}{
		"empty":           {"", notebook.ErrNotJSON, "line 1"},
		"text":            {"{\n  \"cells\": oops}", notebook.ErrNotJSON, "line 2 column 12"},
		"another json":    {`{"a": 1}`, notebook.ErrNotNotebook, "no nbformat"},
		"a list":          {`[1]`, notebook.ErrNotNotebook, ""},
		"format 3":        {`{"nbformat": 3, "worksheets": []}`, notebook.ErrTooOld, "nbconvert"},
		"format 5":        {`{"nbformat": 5, "cells": []}`, notebook.ErrNotNotebook, "newer"},
		"no cells":        {`{"nbformat": 4}`, notebook.ErrNotNotebook, "no cells"},
		"null cell":       {`{"nbformat": 4, "cells": [null]}`, notebook.ErrNotNotebook, "cell 1"},
		"null output":     {`{"nbformat": 4, "cells": [{"cell_type": "code", "outputs": [null]}]}`, notebook.ErrNotNotebook, "output 1"},
		"strange cell":    {`{"nbformat": 4, "cells": [{"cell_type": "magic", "source": ""}]}`, notebook.ErrNotNotebook, "magic"},
		"source a number": {`{"nbformat": 4, "cells": [{"cell_type": "code", "source": 5}]}`, notebook.ErrNotNotebook, "lines"},
		"same id": {`{"nbformat": 4, "nbformat_minor": 5, "cells": [{"id": "a", "cell_type": "raw", "source": ""},
			{"id": "a", "cell_type": "raw", "source": ""}]}`, notebook.ErrNotNotebook, "taken"},
	} {
		_, err := notebook.Decode([]byte(row.content))
		if !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want %v with %q", name, err, row.want, row.says)
		}
	}
}

func TestInvalidNotebookIsNotWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "n.ipynb")
	if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	n := &notebook.Notebook{Format: 4, FormatMinor: 5, Cells: []*notebook.Cell{{ID: "not an id", Type: notebook.Code}}}
	if err := notebook.Write(path, n); err == nil {
		t.Error("it was written")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "precious" {
		t.Errorf("the old file: %q, %v", got, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(asWritten))
	f.Add([]byte(`{"nbformat": 4, "cells": []}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := notebook.Decode(raw)
		if err != nil {
			return
		}
		once, err := notebook.Encode(n)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := notebook.Decode(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		twice, err := notebook.Encode(again)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("not stable: %v\n%s\n%s", err, once, twice)
		}
	})
}
