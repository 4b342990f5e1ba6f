package native

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// binaryID returns what identifies the contents of a Go binary: its Go build id, or a hash of the file where it has none.
func binaryID(exe string) (string, error) {
	f, err := os.Open(exe)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if e, err := elf.NewFile(f); err == nil {
		if s := e.Section(".note.go.buildid"); s != nil && s.Size < 4096 {
			if data, err := s.Data(); err == nil && len(data) > 16 {
				return hex.EncodeToString(data[16:]), nil
			}
		}
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// hostFingerprints reads from a binary that can open plugins the fingerprints of the packages in it: those the runtime
// compares with a plugin's. It returns nil where they cannot be read (not ELF, position independent): plugin.Open checks anyway.
func hostFingerprints(exe string) map[string][8]byte {
	e, err := elf.Open(exe)
	if err != nil {
		return nil
	}
	defer e.Close()
	syms, err := e.DynamicSymbols()
	if err != nil || e.Type != elf.ET_EXEC {
		return nil
	}
	prints := map[string][8]byte{}
	const prefix = "go:link.pkghash."
	for _, s := range syms {
		if len(s.Name) <= len(prefix) || s.Name[:len(prefix)] != prefix {
			continue
		}
		header, err := readAddr(e, s.Value, 16) // a Go string: address, length
		if err != nil || e.ByteOrder.Uint64(header[8:]) != 8 {
			return nil
		}
		data, err := readAddr(e, e.ByteOrder.Uint64(header), 8)
		if err != nil {
			return nil
		}
		prints[s.Name[len(prefix):]] = [8]byte(data)
	}
	return prints
}

func readAddr(e *elf.File, addr uint64, n int) ([]byte, error) {
	for _, p := range e.Progs {
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr+uint64(n) <= p.Vaddr+p.Filesz {
			b := make([]byte, n)
			_, err := p.ReadAt(b, int64(addr-p.Vaddr))
			return b, err
		}
	}
	return nil, fmt.Errorf("address %#x is not in the file", addr)
}

// archiveFingerprint reads the fingerprint of the package in a Go archive: 8 bytes after the magic of its Go object.
func archiveFingerprint(file string) ([8]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return [8]byte{}, err
	}
	defer f.Close()
	const arMagic, headerSize = "!<arch>\n", 60
	pos := int64(len(arMagic))
	for {
		h := make([]byte, headerSize)
		if _, err := f.ReadAt(h, pos); err != nil {
			return [8]byte{}, fmt.Errorf("%s: no Go object: %w", file, err)
		}
		var size int64
		if _, err := fmt.Sscanf(string(bytes.TrimSpace(h[48:58])), "%d", &size); err != nil || size < 0 {
			return [8]byte{}, fmt.Errorf("%s: bad archive header", file)
		}
		if name := string(bytes.TrimRight(h[:16], " /")); name == "_go_.o" {
			return objectFingerprint(f, file, pos+headerSize, size)
		}
		pos += headerSize + size + size&1
	}
}

func objectFingerprint(f *os.File, file string, pos, size int64) ([8]byte, error) {
	head := make([]byte, min(size, 64<<10))
	if _, err := f.ReadAt(head, pos); err != nil {
		return [8]byte{}, err
	}
	i := bytes.Index(head, []byte("\n!\n"))
	if i < 0 || len(head) < i+3+16 || !bytes.HasPrefix(head[i+3:], []byte("\x00go1")) {
		return [8]byte{}, fmt.Errorf("%s: unknown object format", file)
	}
	return [8]byte(head[i+3+8 : i+3+16]), nil
}
