//go:build unix

package kernel

import (
	"fmt"
	"strings"
	"testing"
)

// straightLine are cells that must be interpreted, and say the same as when they
// are compiled. Each list is one session.
var straightLine = [][]string{
	{
		"1 + 1", "x := 40", "x + 2", "x++", "x", "x -= 3", "x * x", "x / 3", "x % 7", "y := float64(x)", "y / 3", "-y", "x > 3 && y < 100", "!(x == 38)", "int8(x) * 100", "uint8(x) - 200", "x, y",
		"x / (x - 38)", "x", "x = 5", "x << 2",
	},
	{
		`s := "héllo"`, "len(s)", `s + "!"`, `s += "?"`, "s", `strings.ToUpper(s)`, `fmt.Sprintf("%v %T %5.2f", s, s, 3.14159)`, `fmt.Println(s, 1, 2.5, true, 'a')`, `s < "i"`,
		`n, err := strconv.Atoi("12")`, "n, err", `m, err := strconv.Atoi("x1")`, "err", "m", `strings.Cut("a=b", "=")`, `os.Getenv("NOSUCHVAR")`, `strings.Repeat("ab", 3)`, `strings.Repeat("ab", -1)`,
	},
	{
		"xs := []int{1, 2, 3}", "xs", "xs[1]", "xs[1:]", "xs[:2]", "len(xs)", "xs[5]", "xs[2:1]", `m := map[string]int{"a": 1, "b": 2}`, "m", `m["a"]`, `m["z"]`, "len(m)", "xs[len(xs)-1]", "i := 1", "xs[i]", `fmt.Sprint(xs, m)`,
	},
	{
		"type vec struct{ X, Y float64 }\nfunc (v vec) Norm() float64 { return v.X*v.X + v.Y*v.Y }\nfunc (v *vec) Scale(k float64) { v.X *= k; v.Y *= k }\nfunc (v vec) String() string { return fmt.Sprintf(\"<%g %g>\", v.X, v.Y) }\nfunc mk(x, y float64) vec { return vec{x, y} }\nfunc two() (int, error) { return 1, nil }\nfunc bad(xs []int) int { return xs[9] }\ntype id int\nvar fn = mk",
		"v := mk(3, 4)", "v", "v.X", "v.Norm()", "v.Scale(2)", "v", "two()", "mk(1, 2).Norm()", "bad(nil)", `fmt.Sprintf("%T %v", v, v)`, "var a any = v", "k := id(3)", "k", "fmt.Println(k + 1)",
	},
	{
		"time.Duration(1500) * time.Millisecond", "d := time.Second", "d", "d.Seconds()", "time.Unix(0, 0).UTC()", "math.Sqrt(2)", "math.Pi", "errors.New(\"e\")", `bytes.NewBufferString("abc").Len()`, `strings.NewReader("abc").Len()`, `panic("no")`, `sort.Ints([]int{2, 1})`,
	},
}

// TestInterpretedCellsSayWhatCompiledOnesSay runs every cell both ways, in two
// sessions: one that chooses, and one that compiles everything.
func TestInterpretedCellsSayWhatCompiledOnesSay(t *testing.T) {
	interpreted := 0
	for n, cells := range straightLine {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			auto, native := newSession(t), newSession(t)
			for i, code := range cells {
				a := auto.outcome(code, ModeAuto)
				b := native.outcome(code, ModeNative)
				if a.text != b.text {
					t.Errorf("cell %d: %s\n  %s: %s\n  native: %s", i+1, code, a.mode, a.text, b.text)
				}
				if a.mode == string(ModeInterp) {
					interpreted++
				}
			}
		})
	}
	t.Logf("%d cells were interpreted", interpreted)
	if interpreted < 60 {
		t.Errorf("only %d cells were interpreted", interpreted)
	}
}

type seen struct{ text, mode string }

func (s *session) outcome(code string, m Mode) seen {
	s.t.Helper()
	s.n++
	o := s.g.Execute(s.t.Context(), Cell{MsgID: fmt.Sprint(s.n), Code: code, Number: s.n, Mode: m})
	text := s.sink.take()
	if o.Value != nil {
		text += "=> " + o.Value.Text()
	}
	if o.Error != nil {
		text += "! " + o.Error.Name + ": " + o.Error.Value + "\n" + strings.Join(o.Error.Traceback, "\n")
	}
	mode := ""
	if g, ok := o.Metadata["gopar"].(map[string]any); ok {
		mode, _ = g["mode"].(string)
	}
	return seen{text, mode}
}
