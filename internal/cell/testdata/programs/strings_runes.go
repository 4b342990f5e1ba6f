package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"text/scanner"
	"unicode"
	"unicode/utf8"
)

type name string

type chars []rune

type raw []byte

func (n name) initials() (out chars) {
	for _, w := range strings.Fields(string(n)) {
		r, _ := utf8.DecodeRuneInString(w)
		out = append(out, unicode.ToUpper(r))
	}
	return
}

func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

func counts(s string) map[rune]int {
	m := make(map[rune]int)
	for _, r := range s {
		m[r]++
	}
	return m
}

const multi = `raw \n string
	with "quotes" and ` + "`ticks`"

var re = regexp.MustCompile(`(\w+)@(\w+)\.com`)

func main() {
	s := "héllo, 世界\x00\xff"
	fmt.Println(len(s), utf8.RuneCountInString(s), s[1], s[1:3], []byte(s)[:3], []rune(s)[1])
	for i, r := range s {
		fmt.Print(i, ":", string(r), "(", r, ") ")
	}
	fmt.Println()
	fmt.Println(reverse("añb"), string(name("x")), name("ada lovelace").initials(), string(name("grace hopper").initials()))
	fmt.Println(counts("hello"), string(rune(65)), string([]byte{104, 105}), raw("hi"), string(raw{97}))
	fmt.Printf("%q %+q %x % x %s\n", s, s, s, "ab", []string{"a", "b"})
	fmt.Println(multi)
	fmt.Println("a" < "b", "Z" < "a", "abc" == "ab"+"c", "\t|\u00e9|\U0001F600|\101|\x41")
	fmt.Println(re.FindAllStringSubmatch("bob@x.com, al@y.com", -1), re.ReplaceAllString("bob@x.com", "$2 at $1"))
	b := []byte("mutable")
	b[0] = 'M'
	t := string(b)
	b[1] = 'X'
	fmt.Println(t, string(b), bytes.Contains(b, []byte("table")))
	var sb strings.Builder
	for i := 3; i > 0; i-- {
		fmt.Fprintf(&sb, "%d...", i)
	}
	sb.WriteByte('!')
	sb.WriteRune('世')
	fmt.Println(sb.String(), sb.Len())
	fmt.Println(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToTitle(r)
	}, "a b c"), strings.Split("a,b,c", ","), strings.Title("go lang"), strings.EqualFold("Go", "GO"))
	before, after, ok := strings.Cut("key=value", "=")
	fmt.Println(before, after, ok, strings.TrimFunc("123abc456", unicode.IsDigit))
	for part := range strings.SplitSeq("x-y-z", "-") {
		fmt.Print(part, " ")
	}
	for line := range strings.Lines("l1\nl2") {
		fmt.Printf("%q ", line)
	}
	fmt.Println()
	var sc scanner.Scanner
	sc.Init(strings.NewReader("x := 3.5 // c"))
	for tok := sc.Scan(); tok != scanner.EOF; tok = sc.Scan() {
		fmt.Print(sc.Position.Column, ":", sc.TokenText(), " ")
	}
	fmt.Println()
	switch c := s[0]; {
	case 'a' <= c && c <= 'z':
		fmt.Println("lower", string(c))
	}
	func() {
		defer func() { fmt.Println(recover()) }()
		i := 50
		_ = s[i]
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		i, j := 3, 2
		_ = s[i:j]
	}()
}
