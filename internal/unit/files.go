package unit

import (
	"regexp"
	"sync"
	"sync/atomic"
)

// files holds the cells' latest names by the file names of compiled code.
var files sync.Map

// NameFile says how the cell is called ("cell 3") whose compiled code has the file
// name id ("cell-ab12…"), which does not contain the number so that the same text
// has the same object wherever it stands.
func NameFile(id, name string) { files.Store(id, name) }

// FileName returns the cell's name for a file name of compiled code, any other name
// as it is.
func FileName(id string) string {
	if name, ok := files.Load(id); ok {
		return name.(string)
	}
	return id
}

// position is where the script that runs stands in its cell.
var position atomic.Pointer[Position]

// Position is a place in a cell.
type Position struct {
	File string // the file name that compiled code would have
	Line int
}

// At says where the interpreted statement that runs next stands; the zero Position
// says that none runs. One cell runs at a time, so it is one for the process.
func At(p Position) { position.Store(&p) }

// Here returns what At said last.
func Here() Position {
	if p := position.Load(); p != nil {
		return *p
	}
	return Position{}
}

// cellFile matches the file names of compiled code.
var cellFile = regexp.MustCompile(`\bcell-[0-9a-f]{12}\b`)

// WithFileNames replaces the file names of compiled code in a text by the cells'
// names.
func WithFileNames(text string) string {
	return cellFile.ReplaceAllStringFunc(text, FileName)
}
