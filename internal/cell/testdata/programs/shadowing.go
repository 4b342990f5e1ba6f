package main

//differential:main hides names

import (
	"fmt"
	str "strings"
)

type int32 = string

type error interface{ Problem() string }

type oops struct{}

func (oops) Problem() string { return "oops" }

func len(s string) int { return 100 }

var true = false

const nil0 = iota

var string1 = "x"

func max(a, b int) int { return a*10 + b }

func risky() error { return oops{} }

func param(fmt string, int float64) string { return fmt + str.Repeat("!", 1) }

func result() (string string) { string = "named"; return }

func (o oops) method(oops int) int { return oops + 1 }

func generic[string any](s string) string { return s }

type T struct{ T int }

func (t T) get() int { return t.T }

func inner() string {
	string1 := "local"
	len := func(x string) string { return x + x }
	type T struct{ a, b int }
	t := T{1, 2}
	return fmt.Sprint(len(string1), t)
}

func main() {
	var s int32 = "actually string"
	fmt.Println(s, len(s), true, max(1, 2), risky().Problem())
	fmt.Println(param("p", 1), result(), oops{}.method(4), generic(3), inner())
	T := T{5}
	fmt.Println(T.T, T.get())
	fmt.Println(string1, nil0)
	{
		fmt := func(s string) string { return "shadow " + s }
		str.NewReader(fmt("x"))
		string1 := len(fmt("x"))
		_ = string1
	}
	true := !true
	print := fmt.Sprint
	append := func(a ...any) string { return print(a...) }
	fmt.Println(true, append(1, "a"))
	for str := range 2 {
		str := str * 2
		_ = str
	}
	if str := str.ToUpper("up"); str != "" {
		fmt.Println(str)
	}
	var main = "main var"
	fmt.Println(main)
	nil := 3
	fmt.Println(nil)
	iota := "iota"
	fmt.Println(iota, string1)
}
