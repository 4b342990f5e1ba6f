package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	var b bytes.Buffer
	b.WriteString("hello world")
	p := make([]byte, 5)
	n, _ := b.Read(p)
	fmt.Println(n, string(p), b.Len())
	r := io.TeeReader(io.LimitReader(&b, 3), os.Stdout)
	io.Copy(io.Discard, r)
	fmt.Println(bytes.Equal([]byte("a"), []byte("a")), bytes.ToUpper([]byte("x")))
	pr, pw := io.Pipe()
	go func() { fmt.Fprint(pw, "piped"); pw.Close() }()
	all, err := io.ReadAll(pr)
	fmt.Println(string(all), err)
	s := io.NewSectionReader(strings.NewReader("0123456"), 2, 3)
	x, _ := io.ReadAll(s)
	fmt.Println(string(x), io.EOF)
}
