package native

import (
	"bytes"
	"encoding/binary"
	"os"
	"regexp"
)

// The name of an instance of a generic type contains the paths of the packages of its type arguments, main.List[main.Point]
// in a program. Those of units are hashes, which would show in %T and in panics. The names are data of the archive that the
// compiler makes, each a byte of flags, the length as a varint, and the text (see internal/abi.Name), so they can be changed
// there, before the linker sorts types by name. What makes types identical is elsewhere: in their hashes and addresses.

// unitInName matches the path of a unit before a type's name.
var unitInName = regexp.MustCompile(unitPrefix + `([0-9a-f]{24})\.`)

// maxName bounds how long a type's name may be to be changed.
const maxName = 1 << 14

// plainNames gives the names of types in an archive the paths of a program: those that names has for a unit's hash, main for
// others. The archive keeps its size.
func plainNames(archive []byte, names map[string]string) {
	for at := 0; ; {
		m := unitInName.FindIndex(archive[at:])
		if m == nil {
			return
		}
		from, to := at+m[0], at+m[1]
		at = to
		head, start, length, ok := nameAround(archive, from, to)
		if !ok {
			continue
		}
		at = start + length
		text := unitInName.ReplaceAllFunc(archive[start:start+length], func(path []byte) []byte {
			if name, ok := names[string(path[len(unitPrefix):len(path)-1])]; ok {
				return []byte(name + ".")
			}
			return []byte("main.")
		})
		if len(text) > length {
			continue // a package whose name is longer than a hash
		}
		end := start + length
		n := head + 1 + binary.PutUvarint(archive[head+1:], uint64(len(text)))
		n += copy(archive[n:], text)
		clear(archive[n:end])
	}
}

// nameAround finds the type's name that contains archive[from:to] in the brackets of its type arguments: where its flags are, where
// its text begins, and how long that is.
func nameAround(archive []byte, from, to int) (head, start, length int, ok bool) {
	for h := from - 2; h >= 0 && h > from-maxName; h-- {
		if c := archive[h]; c != 0 && c != 1 { // exported or not, without tag and package path
			continue
		}
		n, size := binary.Uvarint(archive[h+1 : min(h+4, len(archive))])
		s := h + 1 + size
		if size <= 0 || n > maxName || s > from || s+int(n) < to || s+int(n) > len(archive) || int(n) < length {
			continue
		}
		if text := archive[s : s+int(n)]; bytes.IndexByte(text[:from-s], '[') >= 0 && isTypeText(text) {
			head, start, length, ok = h, s, int(n), true
		}
	}
	return head, start, length, ok
}

// isTypeText reports whether a text may be a type's: printable, with its brackets in pairs.
func isTypeText(text []byte) bool {
	depth := 0
	for _, c := range text {
		switch {
		case c < ' ' || c == 0x7f:
			return false
		case c == '[':
			depth++
		case c == ']':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// plainNames is plainNames for the unit's archive.
func (b *building) plainNames() error {
	archive, err := os.ReadFile(b.path("unit.a"))
	if err != nil || !unitInName.Match(archive) {
		return err
	}
	plainNames(archive, b.u.Paths)
	return os.WriteFile(b.path("unit.a"), archive, 0o600)
}
