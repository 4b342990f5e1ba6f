package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// read calls each for the entries of a segment. broken is told where and why it breaks off; that is no error.
func read(path string, each func(Entry) error, broken func(error)) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer f.Close()
	return readFrom(f, each, broken)
}

func readFrom(f io.Reader, each func(Entry) error, broken func(error)) error {
	r := bufio.NewReaderSize(f, 1<<20)
	var first [len(magic)]byte
	if n, err := io.ReadFull(r, first[:]); err != nil || string(first[:]) != magic {
		if n > 0 || !errors.Is(err, io.EOF) {
			broken(errors.New("not a journal of this version"))
		}
		return nil
	}
	offset := int64(len(magic))
	for {
		e, n, err := next(r)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			broken(fmt.Errorf("at byte %d: %w", offset, err))
			return nil
		}
		offset += n
		if err := each(e); err != nil {
			return err
		}
	}
}

// next reads one entry and returns its size. io.EOF means that there is none.
func next(r *bufio.Reader) (Entry, int64, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = errBroken
		}
		return Entry{}, 0, err
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size == 0 || size > MaxEntry {
		return Entry{}, 0, errBroken
	}
	body, err := readBody(r, int64(size))
	if err != nil {
		return Entry{}, 0, err
	}
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return Entry{}, 0, errBroken
	}
	e, err := parseBody(body)
	return e, headSize + int64(size), err
}

// readBody reads size bytes. Memory is taken as they come: a damaged length must not cost more than there is.
func readBody(r io.Reader, size int64) ([]byte, error) {
	const step = 1 << 20
	if size <= step {
		b := make([]byte, size)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, broke(err)
		}
		return b, nil
	}
	b, err := io.ReadAll(io.LimitReader(r, size))
	if err == nil && int64(len(b)) < size {
		err = io.ErrUnexpectedEOF
	}
	return b, broke(err)
}

func broke(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errBroken
	}
	return err
}
