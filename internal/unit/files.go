package unit

import "sync"

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
