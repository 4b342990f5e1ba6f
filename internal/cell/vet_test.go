package cell

import (
	"strings"
	"testing"
)

func TestVet(t *testing.T) {
	t.Parallel()
	tc := sharedToolchain(t)
	for name, c := range map[string]struct{ before, cell, want string }{
		"format":            {"", "n := 1\nfmt.Printf(\"%s %d\\n\", n)", "cell 2:2:13: fmt.Printf format %s has arg n of wrong type int"},
		"unused result":     {"", "fmt.Sprintf(\"a\")\n1", "cell 2:1:1: result of fmt.Sprintf call not used"},
		"copied lock":       {"type m struct{ sync.Mutex }", "func f(x m) {}\nvar a m\nb := a\nb.Lock()", "cell 2:1:10: f passes lock by value: m\ncell 2:3:6: variable declaration copies lock value to b: m"},
		"lost cancel":       {"", "func f() context.Context {\n\tctx, _ := context.WithCancel(context.Background())\n\treturn ctx\n}", "cell 2:2:7: the cancel function returned by context.WithCancel should be called, not discarded, to avoid a context leak"},
		"unreachable":       {"", "func f() int {\n\treturn 1\n\tprintln(2)\n\treturn 2\n}", "cell 2:3:2: unreachable code"},
		"struct tag":        {"", "type t struct { A int `json:a` }", "cell 2:1:17: struct field tag `json:a` not compatible with reflect.StructTag.Get: bad syntax for struct tag value"},
		"self assignment":   {"x := 1", "x = x", "cell 2:1:1: self-assignment of x"},
		"int to string":     {"x := 65", "string(x)", "cell 2:1:1: conversion from int to string yields a string of one rune, not a string of digits"},
		"nothing":           {"type v struct{ x int }\nvs := []v{{1}}", "for i, w := range vs { vs[i].x += w.x }\nfmt.Printf(\"%+v\\n\", vs)\nx, err := strconv.Atoi(\"1\")\nx, err", ""},
		"the result itself": {"", "fmt.Sprintf(\"%d\", 1)", ""},
		"a lock as result":  {"var mu sync.Mutex", "&mu", ""},
		"other cells":       {"func f() { fmt.Sprintf(\"a\") }\nfunc g() int { return 1 }", "func g() string { f(); return \"\" }", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewSession(Config{Export: tc.Export, Packages: tc.Packages()})
			for _, text := range []string{c.before, c.cell} {
				checked, err := s.Check("cell "+map[bool]string{true: "1", false: "2"}[text == c.before], text)
				if err != nil {
					t.Fatal(err)
				}
				s.Commit(checked)
				if text != c.cell {
					continue
				}
				if got := strings.Join(checked.Vet(), "\n"); got != c.want {
					t.Errorf("got\n%s\nwant\n%s", got, c.want)
				}
				if again := checked.Vet(); again != nil {
					t.Errorf("again: %q", again)
				}
			}
		})
	}
}

func BenchmarkVet(b *testing.B) {
	tc := sharedToolchain(&testing.T{})
	s := NewSession(Config{Export: tc.Export, Packages: tc.Packages()})
	checked, err := s.Check("cell 1", "x := strings.ToUpper(\"a\")\nx + \"b\"")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		checked.vetted.Store(false)
		checked.Vet()
	}
}
