package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	d, err := os.MkdirTemp("", "x")
	defer os.RemoveAll(d)
	f := filepath.Join(d, "a.txt")
	fmt.Println(err, os.WriteFile(f, []byte("one\ntwo\n"), 0o600))
	b, err := os.ReadFile(f)
	fmt.Println(string(b), err)
	h, _ := os.OpenFile(f, os.O_APPEND|os.O_WRONLY, 0)
	fmt.Fprint(h, "three")
	h.Close()
	i, _ := os.Stat(f)
	fmt.Println(i.Size(), i.Name(), i.Mode())
	_, err = os.Open(filepath.Join(d, "no"))
	var pe *fs.PathError
	fmt.Println(errors.As(err, &pe), errors.Is(err, fs.ErrNotExist), pe.Op)
	es, _ := os.ReadDir(d)
	fmt.Println(len(es))
}
