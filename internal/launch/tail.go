package launch

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// maxTail bounds what is read of a log's end: 256 KiB hold the hundred lines
// that anybody wants to see.
const maxTail = 256 << 10

// TailFile returns up to n last lines of a file, oldest first, without their
// line ends; at most 256 KiB of it are read.
func TailFile(path string, n int) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	from := max(0, size-maxTail)
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil && err != io.EOF {
		return nil, err
	}
	if from > 0 { // the first line is cut
		if _, rest, ok := bytes.Cut(b, []byte("\n")); ok {
			b = rest
		}
	}
	text := strings.TrimRight(strings.ToValidUTF8(string(b), "\uFFFD"), "\n")
	if text == "" || n <= 0 {
		return nil, nil
	}
	lines := strings.Split(text, "\n")
	return lines[max(0, len(lines)-n):], nil
}
