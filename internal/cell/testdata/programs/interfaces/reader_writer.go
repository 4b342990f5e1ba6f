package main

import (
	"fmt"
	"io"
	"strings"
)

type rot struct{ r io.Reader }

func (x rot) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	for i := range p[:n] {
		if p[i] >= 'a' && p[i] <= 'z' {
			p[i] = 'a' + (p[i]-'a'+13)%26
		}
	}
	return n, err
}

type count struct{ n int }

func (c *count) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }
func main() {
	b, err := io.ReadAll(rot{strings.NewReader("uryyb")})
	fmt.Println(string(b), err)
	c := &count{}
	fmt.Fprintf(c, "%05d", 42)
	io.Copy(c, strings.NewReader("abc"))
	fmt.Println(c.n)
}
