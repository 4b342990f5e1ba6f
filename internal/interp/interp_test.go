package interp

import (
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/unit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The types and functions below stand for those of cells: the test binary is compiled Go, as units are.

type point struct{ X, Y int }

func (p point) String() string    { return fmt.Sprintf("<%d %d>", p.X, p.Y) }
func (p point) Add(q point) point { return point{p.X + q.X, p.Y + q.Y} }
func (p *point) Move(dx int)      { p.X += dx }
func (p *point) Self() *point     { return p }
func (p point) Sum(n ...int) (s int) {
	for _, i := range n {
		s += i
	}
	return s + p.X
}

type celsius float64
type list []*point
type ints []int

func (l list) First() *point { return l[0] }

type shape interface{ Area() float64 }
type square struct{ Side float64 }

func (s square) Area() float64 { return s.Side * s.Side }

type sad struct{ Code int }

func (s *sad) Error() string { return fmt.Sprint("sad ", s.Code) }

func fail(n int) (int, error) {
	if n > 0 {
		return n, &sad{n}
	}
	return n, nil
}
func typeOf(v any) string { return fmt.Sprintf("%T", v) }
func typesOf(vs ...any) (s []string) {
	for _, v := range vs {
		s = append(s, typeOf(v))
	}
	return s
}
func area(s shape) float64             { return s.Area() }
func apply(f func(int) int, n int) int { return f(n) }
func double(n int) int                 { return 2 * n }
func pair() (point, string)            { return point{3, 4}, "p" }
func newPoint(x, y int) *point         { return &point{x, y} }
func nothing()                         {}
func crash()                           { var s []int; _ = s[5] }
func echo[T any](v T) T                { return v }
func i8(v int8) int8                   { return v }
func u64(v uint64) uint64              { return v }
func f32(v float32) float32            { return v }
func cel(v celsius) celsius            { return v * 2 }
func isNil(e error) bool               { return e == nil }
func stringer(s fmt.Stringer) string   { return s.String() }
func readAll(r io.Reader) string       { b, _ := io.ReadAll(r); return string(b) }

var funcs = map[string]any{"fail": fail, "typeOf": typeOf, "typesOf": typesOf, "area": area, "apply": apply, "double": double,
	"pair": pair, "newPoint": newPoint, "nothing": nothing, "crash": crash, "i8": i8, "u64": u64, "f32": f32, "cel": cel,
	"isNil": isNil, "stringer": stringer, "readAll": readAll, "echoInt": echo[int]}

// execute runs a script and returns what it showed.
func execute(t testing.TB, body string, vars map[string]any, imports ...string) ([]any, error) {
	t.Helper()
	unit.Register(&unit.Table{Hash: "cell", Funcs: funcs})
	s := &Script{Imports: imports, Body: body}
	for name, v := range vars {
		id := name + "|" + reflect.TypeOf(v).String()
		if err := unit.Define(id, reflect.ValueOf(v)); err != nil {
			t.Fatal(err)
		}
		s.Symbols = append(s.Symbols, Symbol{Name: "V_" + name, Kind: "var", Var: id})
	}
	for name := range funcs {
		if strings.Contains(body, "F_"+name+"(") || strings.Contains(body, "F_"+name+",") {
			s.Symbols = append(s.Symbols, Symbol{Name: "F_" + name, Kind: "func", Unit: "cell", Symbol: name})
		}
	}
	var shown []any
	unit.SetHooks(&unit.Hooks{Show: func(vs []any) { shown = append(shown, vs...) }})
	err := Run(t.Context(), s)
	return shown, err
}

func TestProven(t *testing.T) {
	p, pp := point{1, 2}, &point{5, 6}
	vars := map[string]any{"p": p, "pp": pp, "c": celsius(36.5), "l": list{pp, {7, 8}}, "is": ints{10, 11, 12, 13}, "n": 41, "m": map[string]int{"a": 1},
		"s": "héllo", "sq": square{3}, "f": func(n int) int { return n + 1 }, "i8": int8(-128), "u8": uint8(255), "u64": uint64(math.MaxUint64),
		"f32": float32(0.1), "b": true, "r": 'x', "by": []byte("ab"), "np": (*point)(nil), "err": &sad{9}, "a": [3]int{1, 2, 3}, "cx": 1 + 2i,
		"anon": struct{ A, B int }{1, 2}, "any": []any{point{1, 1}, celsius(1)}, "read": strings.NewReader("text"), "sh": uint(3), "neg": -1, "mp": map[string]point{"k": p}, "mk": map[point]string{p: "x"}, "mi": map[int]int{-1: 7},
		"nilm": map[string]int(nil), "m2": map[string]int{}, "m3": map[string]int{"a": 1}, "is2": ints{1, 2}, "pq": &point{}}
	// Each row: a script, and what compiled Go makes of the same expressions.
	rows := map[string][]struct {
		body    string
		imports string
		want    []any
	}{
		"constants": {
			{`Show(int8(-5), uint64(18446744073709551615), "s\n\x00é", float64(0.1), float32(0.1), true, rune(65), int(-9223372036854775808))`, "",
				[]any{int8(-5), uint64(math.MaxUint64), "s\n\x00é", 0.1, float32(0.1), true, rune(65), int(math.MinInt64)}},
			{`Show(F_i8(int8(-128)), F_u64(uint64(1)), F_f32(float32(1e-40)))`, "", []any{int8(-128), uint64(1), float32(1e-40)}},
			{`Show(float64(1e+308), float64(5e-324), int64(9007199254740993), uintptr(7), byte(3))`, "", []any{1e308, 5e-324, int64(9007199254740993), uintptr(7), byte(3)}},
		},
		"variables": {
			{`Show((*V_p), (*V_c), (*V_n), (*V_i8), (*V_u8), (*V_u64), (*V_f32), (*V_b), (*V_r))`, "", []any{p, celsius(36.5), 41, int8(-128), uint8(255), uint64(math.MaxUint64), float32(0.1), true, 'x'}},
			{`Show((*V_pp), (*V_l), (*V_is), (*V_m), (*V_s), (*V_by), (*V_np), (*V_a), (*V_cx), (*V_anon))`, "",
				[]any{pp, vars["l"], ints{10, 11, 12, 13}, map[string]int{"a": 1}, "héllo", []byte("ab"), (*point)(nil), [3]int{1, 2, 3}, 1 + 2i, struct{ A, B int }{1, 2}}},
			{`Show(((*V_n)))`, "", []any{41}},
		},
		"calls": {
			{`Show(F_double((*V_n)), F_echoInt(int(3)), F_apply((*V_f), int(1)), F_cel((*V_c)))`, "", []any{82, 3, 2, celsius(73)}},
			{`F_nothing()`, "", nil},
			{`Show(F_apply(F_double, int(4)))`, "", []any{8}},
			{`Show(F_newPoint(int(1), F_double(int(2))))`, "", []any{&point{1, 4}}},
			{`Show(F_area((*V_sq)), F_stringer((*V_p)), F_stringer((*V_pp)), F_readAll((*V_read)))`, "", []any{9.0, "<1 2>", "<5 6>", "text"}},
		},
		"host calls": {
			{`Show(strings.Repeat("ab", int(3)), strings.ToUpper((*V_s)), strings.Split("a,b", ","))`, "strings", []any{"ababab", "HÉLLO", []string{"a", "b"}}},
			{`Show(math.Sqrt(float64(2)), math.Max(float64(1), float64(2)))`, "math", []any{math.Sqrt2, 2.0}},
			{`Show(fmt.Sprintf("%T %v %+v %T", (*V_p), (*V_p), (*V_anon), (*V_c)))`, "fmt", []any{fmt.Sprintf("%T %v %+v %T", p, p, vars["anon"], celsius(1))}},
			{`Show(fmt.Sprint((*V_any), (*V_l)))`, "fmt", []any{fmt.Sprint(vars["any"], vars["l"])}},
		},
		"variadic": {
			{`Show(fmt.Sprint(), fmt.Sprint(int(1), "a", (*V_p), (*V_c)), F_typesOf(), F_typesOf((*V_p)), F_typesOf((*V_n), (*V_c), (*V_anon)))`, "fmt",
				[]any{"", fmt.Sprint(1, "a", p, celsius(36.5)), typesOf(), typesOf(p), typesOf(41, celsius(1), vars["anon"])}},
			{`Show((*V_p).Sum(), (*V_p).Sum(int(1)), (*V_p).Sum(int(1), int(2)))`, "", []any{1, 2, 4}},
		},
		"methods": {
			{`Show((*V_p).String(), (*V_p).Add((*V_p)), (*V_l).First(), (*V_p).Add((*V_p)).Add((*V_p)).String())`, "", []any{"<1 2>", point{2, 4}, pp, "<3 6>"}},
		},
		"pointer methods":     {{`V_p.Move(int(3))` + "\n" + `Show((*V_p), V_p.Self().X)`, "", []any{point{4, 2}, 4}}},
		"methods of pointers": {{`Show((*V_pp).Self(), (*V_pp).Self().Self().X, (*(*V_pp)).String())`, "", []any{pp, 5, "<5 6>"}}},
		"interface methods":   {{`Show((*V_err).Error())`, "", []any{"sad 9"}}},
		"fields":              {{`Show((*V_p).X, (*V_pp).Y, (*V_sq).Side, (*V_anon).B, (*V_l)[int(1)].Y, F_newPoint(int(1), int(2)).Y)`, "", []any{1, 6, 3.0, 2, 8, 2}}},
		"index": {{`Show((*V_is)[int(2)], (*V_is)[F_double(int(1))], (*V_l)[int(0)], (*V_by)[int(1)], (*V_l)[int(1)].String(), strings.Split("a,b", ",")[int(1)], (*V_s)[int(1)], (*V_a)[int(2)])`, "strings",
			[]any{12, 12, pp, byte('b'), "<7 8>", "b", "héllo"[1], 3}}},
		"slices": {{`Show((*V_is)[int(1):int(3)], (*V_is)[int(2):], (*V_is)[:int(1)], (*V_is)[:], (*V_l)[int(1):].First().X, (*V_l)[:])`, "",
			[]any{ints{11, 12}, ints{12, 13}, ints{10}, ints{10, 11, 12, 13}, 7, vars["l"]}}},
		"len":           {{`Show(len((*V_is)), len((*V_m)), len((*V_s)), len((*V_is)[int(1):]))`, "", []any{4, 1, 6, 3}}},
		"dynamic types": {{`Show(F_typeOf((*V_c)), F_typeOf((*V_anon)), F_typeOf((*V_l)[:int(1)]), F_typeOf((*V_np)), F_typeOf(int8(1)), F_typeOf((*V_is)[int(0)]))`, "", []any{typeOf(celsius(1)), typeOf(vars["anon"]), typeOf(list{}), typeOf(pp), "int8", "int"}}},
		"unary":         {{`Show(-(*V_n), ^(*V_n), -(*V_i8), ^(*V_u8), -(*V_f32), !(*V_b), +(*V_n), -(*V_c))`, "", []any{-41, ^41, int8(-128), uint8(0), float32(-0.1), false, 41, celsius(-36.5)}}},
		"logic":         {{`Show((*V_b) && !(*V_b), (*V_b) || (*V_b), (*V_n) > int(3) && (*V_n) < int(50), !(*V_b) && F_double(int(1)) == int(2))`, "", []any{false, true, true, false}}},
		"shifts":        {{`Show((*V_n) << uint(3), (*V_n) >> uint(1), (*V_i8) >> (*V_sh), (*V_u8) << int(1), (*V_n) << int(64), int(1) << (*V_sh))`, "", []any{41 << 3, 20, int8(-16), uint8(254), 0, 8}}},
		"conversions": {{`Show(float64((*V_n)), int((*V_f32)), int((*V_c)), int8((*V_n)), uint8((*V_neg)), int64((*V_i8)), uint64((*V_neg)), string((*V_by)), []byte((*V_s)), []rune((*V_s)), string((*V_r)), float64((*V_u64)), float64((*V_c)))`, "",
			[]any{41.0, 0, 36, int8(41), uint8(255), int64(-128), uint64(math.MaxUint64), "ab", []byte("héllo"), []rune("héllo"), "x", float64(math.MaxUint64), 36.5}}},
		"comparison": {{`Show((*V_p) == (*V_p), (*V_p) != (*V_p), (*V_a) == (*V_a), (*V_pp) == (*V_pp), (*V_pp) == nil, (*V_np) == nil, (*V_m) == nil)`, "", []any{true, false, true, true, false, true, false}}},
		"maps": {
			{`Show((*V_m)["a"], (*V_m)["z"], (*V_mp)["k"], (*V_mp)["z"], (*V_mk)[(*V_p)], (*V_mi)[int(-1)], (*V_nilm)["z"])`, "", []any{1, 0, p, point{}, "x", 7, 0}},
			{"r0, r1 := (*V_m)[\"z\"]\nShow(r0, r1)", "", []any{0, false}},
			{"r0, r1 := (*V_m)[\"a\"]\nShow(r0, r1)", "", []any{1, true}},
		},
		"assignments": {
			{"(*V_m2)[\"q\"] = int(5)\nShow(len((*V_m2)))", "", []any{1}},
			{"(*V_is2)[int(1)] = int(9)\n(*V_is2)[int(0)] += int(9)\nShow((*V_is2))", "", []any{ints{10, 9}}},
			{"V_p.X = int(9)\n(*V_pq).Y = int(8)\nShow((*V_p), (*V_pq).Y)", "", []any{point{9, 2}, 8}},
			{"(*V_n)++\n(*V_n) += int(4)\n(*V_u8) += uint8(1)\n(*V_s) += \"!\"\nShow((*V_n), (*V_u8), (*V_s))", "", []any{46, uint8(0), "héllo!"}},
		},
		"literals": {{`Show([]int{int(1), (*V_n)}, map[string]int{"a": int(1)}, []string{"x"}, []any{int(1), "a", (*V_p)}, [2]int{int(1), int(2)}, []float64{}, [][]int{{int(1)}, {int(2), int(3)}})`, "",
			[]any{[]int{1, 41}, map[string]int{"a": 1}, []string{"x"}, []any{1, "a", p}, [2]int{1, 2}, []float64{}, [][]int{{1}, {2, 3}}}}},
		"builtins": {{"Show(append((*V_is), int(3)), cap((*V_is)), append([]int{}, int(1)), make([]int, int(3)), make(map[string]int))", "", []any{ints{10, 11, 12, 13, 3}, 4, []int{1}, []int{0, 0, 0}, map[string]int{}}},
			{"delete((*V_m3), \"a\")\nShow(len((*V_m3)))", "", []any{0}}},
		"spread":          {{`Show(F_typesOf((*V_any)...))`, "", []any{typesOf(p, celsius(1))}}},
		"nil":             {{`Show(F_typesOf(nil), F_isNil(nil))`, "", []any{typesOf(nil), true}}},
		"several results": {{"r0, r1 := F_pair()\nShow(r0, r1)", "", []any{point{3, 4}, "p"}}},
		"errors": {
			{"r0, r1 := F_fail(int(2))\nShowResults(r0, r1)", "", []any{2, &sad{2}}},
			{"r0, r1 := F_fail(int(0))\nShowResults(r0, r1)", "", []any{0}},
			{"r0, r1 := strconv.Atoi(\"12\")\nShowResults(r0, r1)", "strconv", []any{12}},
			{"r0, r1 := F_fail(int(2))\nDef(\"e0|int\", r0)\nDefError(\"e|error\", r1)", "", nil},
			{"_, r1 := F_fail(int(0))\nDefError(\"e|error\", r1)", "", nil},
		},
		"definitions": {
			{`Def("d|interp.point", (*V_p))` + "\n" + `Def("dc|interp.celsius", F_cel((*V_c)))` + "\n" + `Def("dn|int", int(7))` + "\n" + `Def("dl|interp.list", (*V_l)[int(1):])` + "\n" + `Def("dnil|*interp.point", (*V_np))`, "", nil},
		},
	}
	for _, proof := range Proven {
		name, here := strings.CutPrefix(proof.Test, "TestProven/")
		if here && len(rows[name]) == 0 {
			t.Errorf("%s is not proven: no test %s", proof.Construct, name)
		}
	}
	for name, scripts := range rows {
		t.Run(name, func(t *testing.T) {
			for _, c := range scripts {
				fresh := map[string]any{}
				for k, v := range vars {
					fresh[k] = v
				}
				got, err := execute(t, c.body, fresh, strings.Fields(c.imports)...)
				if err != nil {
					t.Errorf("%s: %v", c.body, err)
					continue
				}
				if !reflect.DeepEqual(got, c.want) {
					t.Errorf("%s:\ngot  %#v\nwant %#v", c.body, got, c.want)
				}
			}
		})
	}
	for id, want := range map[string]any{"d|interp.point": p, "dc|interp.celsius": celsius(73), "dn|int": 7, "dl|interp.list": list{{7, 8}}, "dnil|*interp.point": (*point)(nil)} {
		v, ok := unit.Value(id)
		if !ok || !reflect.DeepEqual(v.Elem().Interface(), want) || v.Elem().Type() != reflect.TypeOf(want) {
			t.Errorf("%s is %v %v, want %#v", id, ok, v, want)
		}
	}
	if v, ok := unit.Value("e|error"); !ok || v.Elem().Type() != reflect.TypeFor[error]() {
		t.Errorf("e is %v", v)
	}
}

func TestPanicsAreThoseOfCompiledGo(t *testing.T) {
	pp := &point{1, 2}
	vars := map[string]any{"is": ints{1, 2, 3}[:2], "np": (*point)(nil), "n": 5, "pp": pp, "nf": (func(int) int)(nil), "s": "héllo", "nilm": map[string]int(nil)}
	for _, c := range []struct {
		body string
		want func()
	}{
		{`Show((*V_is)[(*V_n)])`, func() { s, n := make([]int, 2), 5; _ = s[n] }},
		{`Show((*V_is)[int(-1):])`, func() { s, n := make([]int, 2, 3), -1; _ = s[n:] }},
		{`Show((*V_is)[int(0):int(9)])`, func() { s, n := make([]int, 2, 3), 9; _ = s[0:n] }},
		{`Show((*V_is)[int(3):])`, func() { s, n := make([]int, 2, 3), 3; _ = s[n:] }},
		{`Show((*V_is)[int(2):int(1)])`, func() { s, n := make([]int, 2, 3), 2; _ = s[n:1] }},
		{`F_crash()`, crash},
		{`Show((*V_s)[int(9)])`, func() { s, n := "héllo", 9; _ = s[n] }},
		{`(*V_is)[(*V_n)] = int(1)`, func() { s, n := make([]int, 2), 5; s[n] = 1 }},
		{`(*V_nilm)["a"] = int(1)`, func() { nilMap["a"] = 1 }},
		{`Show((*V_np).X)`, func() { var p *point; _ = p.X }},
		{`Show((*(*V_np)).String())`, func() { var p *point; _ = p.String() }},
		{`(*V_np).Move(int(1))`, func() { var p *point; p.Move(1) }},
		{`F_apply((*V_nf), int(1))`, func() { var f func(int) int; f(1) }},
	} {
		_, err := execute(t, c.body, vars)
		var p *Panic
		if !errors.As(err, &p) {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		want := func() (v any) { defer func() { v = recover() }(); c.want(); return nil }()
		got, isRuntime := p.Value.(runtime.Error)
		if !isRuntime || got.Error() != want.(error).Error() {
			t.Errorf("%s: panics with %T %v, Go with %v", c.body, p.Value, p.Value, want)
		}
	}
}

func TestStackOfAPanicReachesCompiledCode(t *testing.T) {
	_, err := execute(t, `F_crash()`, nil)
	var p *Panic
	if !errors.As(err, &p) {
		t.Fatal(err)
	}
	frames := runtime.CallersFrames(p.Callers)
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "interp.crash") {
			return
		}
		if !more {
			t.Fatal("no frame of crash")
		}
	}
}

func TestOutputGoesWhereCompiledCodeWrites(t *testing.T) {
	p, _ := Known("fmt", "Println"), Known("os", "Exit")
	if !p || Known("os", "Exit") || Known("log", "Fatal") || Known("fmt", "nope") || Known("nope", "Println") {
		t.Fatal("tables")
	}
	// fmt.Println must be fmt's, not yaegi's copy that keeps the os.Stdout of its own start.
	got, err := execute(t, `Show(fmt.Println)`, nil, "fmt")
	if err != nil || len(got) != 1 || reflect.ValueOf(got[0]).Pointer() != reflect.ValueOf(fmt.Println).Pointer() {
		t.Fatalf("%v %v", got, err)
	}
}

func TestNothingGrowsWithTheNumberOfScripts(t *testing.T) {
	vars := map[string]any{"p": point{1, 2}, "n": 4}
	once := func() {
		if _, err := execute(t, `Show((*V_p).String(), strings.Repeat("a", (*V_n)))`, vars, "strings"); err != nil {
			t.Fatal(err)
		}
	}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for range 50 {
		once()
	}
	before := heap()
	for range 1000 {
		once()
	}
	after := heap()
	t.Logf("heap %d kB before, %d kB after 1,000 scripts", before>>10, after>>10)
	if after > before+1<<20 {
		t.Fatalf("heap grew from %d to %d bytes", before, after)
	}
}

func FuzzGuard(f *testing.F) {
	f.Add("Show((*V_s)[int(1)])")
	f.Add("Show(a[b:c][d])")
	f.Fuzz(func(t *testing.T, body string) {
		no := func(string) bool { return false }
		out, err := guard(body, no)
		if err == nil && strings.Contains(body, "[") {
			if _, err := guard(out, no); err != nil {
				t.Fatalf("%q becomes %q: %v", body, out, err)
			}
		}
	})
}

func BenchmarkScript(b *testing.B) {
	vars := map[string]any{"p": point{1, 2}, "n": 4}
	for b.Loop() {
		if _, err := execute(b, `Show((*V_p).String(), strings.Repeat("a", (*V_n)))`, vars, "strings"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScriptWithFmt(b *testing.B) {
	vars := map[string]any{"n": 4}
	for b.Loop() {
		if _, err := execute(b, `Show(fmt.Sprint((*V_n)))`, vars, "fmt"); err != nil {
			b.Fatal(err)
		}
	}
}

// nilMap is assigned to by a test, which must panic.
var nilMap map[string]int
