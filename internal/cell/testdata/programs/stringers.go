package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

type temp float64

func (t temp) String() string { return fmt.Sprintf("%.1f°", float64(t)) }

type ptrOnly struct{ n int }

func (p *ptrOnly) String() string { return fmt.Sprint("ptr", p.n) }

type color struct{ r, g, b uint8 }

func (c color) MarshalJSON() ([]byte, error) {
	return json.Marshal(fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b))
}
func (c *color) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	_, err := fmt.Sscanf(s, "#%02x%02x%02x", &c.r, &c.g, &c.b)
	return err
}

type verbose struct{ v int }

func (v verbose) Format(f fmt.State, verb rune) {
	w, ok := f.Width()
	fmt.Fprintf(f, "<%c %d %v %d>", verb, w, ok, v.v)
}
func (v verbose) GoString() string { return "verbose!" }

type goer struct{}

func (goer) GoString() string { return "goer{}" }

type errStr struct{}

func (errStr) Error() string  { return "as error" }
func (errStr) String() string { return "as string" }

type list []string

func (l *list) String() string     { return strings.Join(*l, ",") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

type upper struct{ w io.Writer }

func (u upper) Write(p []byte) (int, error) { return u.w.Write([]byte(strings.ToUpper(string(p)))) }

type rot struct{ r io.Reader }

func (r rot) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	for i := range p[:n] {
		if p[i] >= 'a' && p[i] <= 'z' {
			p[i] = 'a' + (p[i]-'a'+13)%26
		}
	}
	return n, err
}

type text struct{ s string }

func (t text) MarshalText() ([]byte, error)  { return []byte("t:" + t.s), nil }
func (t *text) UnmarshalText(b []byte) error { t.s = strings.TrimPrefix(string(b), "t:"); return nil }

type panicky struct{}

func (panicky) String() string { panic("in String") }

func main() {
	ts := []temp{1, 2.55}
	fmt.Println(ts, map[string]temp{"a": 3}, [1]temp{4}, &ts, struct{ T temp }{5}, struct{ t temp }{6})
	fmt.Printf("%v %s %5.2f %d %q %T\n", ts[0], ts[0], ts[0], ts[:1], ts[0], ts)
	p := ptrOnly{1}
	fmt.Println(p, &p, []*ptrOnly{&p}[0], []ptrOnly{{2}}, struct{ P *ptrOnly }{nil})
	data, err := json.Marshal(map[string]any{"c": color{255, 0, 16}, "cs": []color{{1, 2, 3}}, "t": text{"x"}, "m": map[text]int{{"k"}: 1}})
	fmt.Println(string(data), err)
	var c struct {
		C color
		T *text
		D time.Duration
	}
	fmt.Println(json.Unmarshal([]byte(`{"C":"#0a0b0c","T":"t:hey","D":5}`), &c), c.C, c.T.s, c.D)
	fmt.Printf("%v %8d %#v %s\n", verbose{1}, verbose{2}, verbose{3}, []verbose{{4}})
	fmt.Printf("%#v %#v %v\n", goer{}, []goer{{}}, goer{})
	fmt.Println(errStr{}, []any{errStr{}, temp(1), p})
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	var l list
	fs.Var(&l, "l", "list")
	n := fs.Int("n", 3, "number")
	fmt.Println(fs.Parse([]string{"-l", "a", "-l=b", "-n", "7", "rest"}), l, *n, fs.Args(), &l)
	fmt.Fprintf(upper{os.Stdout}, "shout %v\n", temp(2))
	io.Copy(os.Stdout, rot{strings.NewReader("uryyb\n")})
	fmt.Println(panicky{})
	var np *temp
	var ni fmt.Stringer
	fmt.Println(np == nil, ni)
	fmt.Printf("%v %+v %x %X %08b %o %c %U %e\n", true, -1, "hi", []byte{1, 171}, 5, 8, 'x', '世', 1234.5)
	fmt.Printf("%6.2f|%-6s|%+d|%t|%p\n", 3.14159, "ab", 5, false, nil)
	var sb strings.Builder
	fmt.Fprint(&sb, temp(1), 2, "a", "b", 3, 4)
	fmt.Println(sb.String())
	var a, b int
	k, err := fmt.Sscan("3 4", &a, &b)
	fmt.Println(k, err, a+b)
}
