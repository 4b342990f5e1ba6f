package main

import (
	"fmt"
	"html"
	"net/url"
	"path"
	"path/filepath"
)

func main() {
	fmt.Println(path.Join("a", "../b", "c.txt"), path.Base("/x/y.go"), path.Ext("f.tar.gz"), filepath.Dir("/a/b"))
	u, err := url.Parse("https://u@h.com:80/p/q?a=1&b=x+y#f")
	fmt.Println(u.Host, u.Path, u.Query()["b"], u.Fragment, u.Port(), err)
	v := url.Values{}
	v.Set("k", "a b")
	v.Add("k", "c")
	fmt.Println(v.Encode(), html.EscapeString("<a&b>"))
}
