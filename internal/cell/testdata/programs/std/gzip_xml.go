package main

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type v struct {
	XMLName xml.Name `xml:"v"`
	N       int      `xml:"n,attr"`
	T       []string `xml:"t"`
}

func main() {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(strings.Repeat("a", 100)))
	z.Close()
	r, _ := gzip.NewReader(&b)
	d, err := io.ReadAll(r)
	fmt.Println(len(d), err)
	x, err := xml.Marshal(v{N: 1, T: []string{"a", "b"}})
	fmt.Println(string(x), err)
	var y v
	fmt.Println(xml.Unmarshal(x, &y), y.N, y.T)
}
