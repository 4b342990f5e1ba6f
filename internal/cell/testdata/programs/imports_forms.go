package main

import (
	"fmt"
	m "math"
	. "strings"

	"math/rand/v2"
	text "text/template"

	_ "embed"
	"html/template"
	"sort"
	stdsort "sort"
)

import "unicode/utf8"

type byLen []string

func (b byLen) Len() int           { return len(b) }
func (b byLen) Less(i, j int) bool { return len(b[i]) < len(b[j]) }
func (b byLen) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

var _ sort.Interface = byLen(nil)

type embedsDot struct {
	*Builder
	n int
}

func shout(s string) string { return ToUpper(s) + Repeat("!", 2) }

func area(r float64) float64 { return m.Pi * m.Pow(r, 2) }

func param(sort []string, fmt int) int { return len(sort) + fmt }

func main() {
	fmt.Println(shout("hi"), Contains("abc", "b"), Fields(" a b "))
	fmt.Printf("%.3f %v\n", area(2), m.MaxInt8)
	xs := byLen{"ccc", "a", "bb"}
	stdsort.Sort(xs)
	fmt.Println(xs, param(xs, 1), utf8.RuneLen('世'))
	e := embedsDot{&Builder{}, 1}
	e.WriteString("dot")
	fmt.Println(e.String(), e.Len(), e.n)
	r := rand.New(rand.NewPCG(1, 2))
	fmt.Println(r.IntN(100), r.IntN(100), r.Perm(4))
	t := template.Must(template.New("x").Parse("<b>{{.}}</b>\n"))
	var b Builder
	t.Execute(&b, "<&>")
	text.Must(text.New("y").Parse("{{.}}\n")).Execute(&b, "<&>")
	fmt.Print(b.String())
	{
		fmt := NewReplacer("a", "b")
		println := fmt.Replace("banana")
		_ = println
		sort := []int{3, 1}
		stdsort.Ints(sort)
		m := sort[0]
		_ = m
	}
	for fmt := range 1 {
		_ = fmt
	}
	fmt.Println(NewReader("x").Len())
}
