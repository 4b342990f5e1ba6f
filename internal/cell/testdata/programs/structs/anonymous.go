package main

import (
	"fmt"
)

func main() {
	c := struct {
		Host string
		Port int
		Opts struct{ TLS bool }
	}{Host: "h", Port: 80}
	c.Opts.TLS = true
	fmt.Printf("%+v\n", c)
	for _, t := range []struct{ in, out int }{{1, 2}, {3, 4}} {
		fmt.Print(t.in+t.out, " ")
	}
	var e struct{}
	fmt.Println(e, e == struct{}{})
	m := map[string]struct{ n int }{"a": {1}}
	fmt.Println(m["a"].n)
}
