package cell

import (
	"go/build"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// asked is a session with a few declarations that questions are put to.
func asked(t *testing.T) *Session {
	nb := newNotebook(t)
	nb.s.sourceDir = func(path string) string { return filepath.Join(build.Default.GOROOT, "src", path) }
	for _, c := range []string{
		"// vec is a pair.\ntype vec struct{ x, y float64 }\n// norm is the length.\nfunc (v vec) norm() float64 { return math.Hypot(v.x, v.y) }\nfunc (v *vec) Scale(k float64) {}",
		"v := vec{3, 4}\nvs := []vec{v}\nvalues := map[string]*vec{}",
		"// twice doubles.\nfunc twice(n int) int { return 2 * n }",
	} {
		if out := nb.run(c); out != "" {
			t.Fatal(out)
		}
	}
	return nb.s
}

func TestComplete(t *testing.T) {
	s := asked(t)
	tests := []struct{ text, want string }{ // | is the cursor
		{"fmt.Printl|", "Println"},
		{"strings.ToU|(\"a\")", "ToUpper ToUpperSpecial"},
		{"v.|", "Scale norm x y"},
		{"v.n|", "norm"},
		{"vs[0].|", "Scale norm x y"},
		{"values[\"a\"].S|", "Scale"},
		{"tw|", "twice"},
		{"Vec|", "vec"},
		{"x := v.no|\ny := 2", "norm"},
		{"func g(loc vec) float64 {\n\tif true {\n\t\treturn loc.n|", "norm"},
		{"func g(loc vec) float64 {\n\tlocal := 1\n\treturn lo|\n}", "loc local log"},
		{"for i, w := range vs { w.|", "Scale norm x y"},
		{"vec{x|", "x x509 xml"},
		{"fmt.Println(v.no|", "norm"},
		{"time.Now().Yea|", "Year YearDay"},
		{"\"in a string v.|", ""},
		{"// in a comment fm|", ""},
		{"retur|", "return"},
		{"é := v.n|", "norm"},
		{"nosuch.|", ""},
		{"fmt.PRINTL|", "Println"},
	}
	for _, tt := range tests {
		off := strings.Index(tt.text, "|")
		c := s.Complete(strings.Replace(tt.text, "|", "", 1), off)
		var got []string
		for _, m := range c.Matches {
			got = append(got, m.Text)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, strings.Join(got, " "), tt.want)
		}
		if c.End != off || c.Start > off {
			t.Errorf("%q: replaces %d to %d", tt.text, c.Start, c.End)
		}
	}
}

func TestCompletionKnowsKindsAndSignatures(t *testing.T) {
	s := asked(t)
	c := s.Complete("strings.Repea", len("strings.Repea"))
	want := Match{Text: "Repeat", Kind: "function", Signature: "(s string, count int) string"}
	if len(c.Matches) != 1 || c.Matches[0] != want {
		t.Errorf("got %+v", c.Matches)
	}
	c = s.Complete("valu", 4)
	if !slices.Contains(c.Matches, Match{Text: "values", Kind: "instance", Signature: "map[string]*vec"}) {
		t.Errorf("got %+v", c.Matches)
	}
}

func TestInspect(t *testing.T) {
	s := asked(t)
	tests := []struct{ text, signature, doc, where string }{
		{"twi|ce(2)", "func twice(n int) int", "twice doubles.\n", "cell 3"},
		{"twice(|", "func twice(n int) int", "twice doubles.\n", "cell 3"},
		{"v.no|rm()", "func (vec).norm() float64", "norm is the length.\n", "cell 1"},
		{"ve|c", "type vec struct{x float64; y float64}", "vec is a pair.\n", "cell 1"},
		{"fmt.Print|ln", "func fmt.Println(a ...any) (n int, err error)", "Println formats using", "package fmt"},
		{"strin|gs.ToUpper", "package strings // import \"strings\"", "Package strings implements", "package strings"},
		{"time.Second.Rou|nd", "func (time.Duration).Round(m time.Duration) time.Duration", "Round returns the result", "package time"},
		{"len|(v)", "func len", "The len built-in", "builtin"},
		{"v|", "var v vec", "", "cell 2"},
	}
	for _, tt := range tests {
		off := strings.Index(tt.text, "|")
		d, ok := s.Inspect(strings.Replace(tt.text, "|", "", 1), off)
		if !ok || d.Signature != tt.signature || !strings.HasPrefix(d.Doc, tt.doc) || d.Where != tt.where {
			t.Errorf("%s: %v %+v", tt.text, ok, d)
		}
	}
	if d, _ := s.Inspect("twice", 2); d.Source != "func twice(n int) int { return 2 * n }" {
		t.Errorf("source %q", d.Source)
	}
	if _, ok := s.Inspect("nosuch", 3); ok {
		t.Error("nosuch was found")
	}
}

func TestIsComplete(t *testing.T) {
	tests := []struct{ text, status, indent string }{
		{"1+1", "complete", ""}, {"x := 1\nx", "complete", ""}, {"for {", "incomplete", "    "},
		{"func f(a int,", "incomplete", "    "}, {"x :=", "incomplete", ""}, {"if true {\n\tfor {", "incomplete", "        "},
		{"s := `a\nb", "incomplete", ""}, {"a +", "incomplete", ""}, {"x := )", "invalid", ""}, {"for i i", "invalid", ""},
		{"", "complete", ""}, {"// note", "complete", ""}, {"import", "incomplete", ""}, {"a, b", "complete", ""},
		{"func func", "invalid", ""}, {"if x {\n} else", "incomplete", ""}, {"x := []int{\n1,", "incomplete", "    "},
	}
	for _, tt := range tests {
		if status, indent := IsComplete(tt.text); status != tt.status || indent != tt.indent {
			t.Errorf("%q: %s %q, want %s %q", tt.text, status, indent, tt.status, tt.indent)
		}
	}
}

// TestQuestionsLeaveNothingBehind asks often and looks at what stays.
func TestQuestionsLeaveNothingBehind(t *testing.T) {
	s := asked(t)
	files := func() (n int) {
		for f := range s.fset.Iterate {
			_ = f
			n++
		}
		return n
	}
	s.Complete("v.", 2)
	before := files()
	for range 100 {
		s.Complete("v.", 2)
		s.Inspect("twice", 1)
	}
	if after := files(); after != before {
		t.Errorf("%d files became %d", before, after)
	}
	runtime.KeepAlive(s)
}
