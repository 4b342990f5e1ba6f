package main

import (
	"encoding/json"
	"fmt"
	"sort"
)

type pt struct{ x, y int }

type holder struct {
	pos  struct{ x, y int }
	list []struct {
		k string
		v *holder
	}
	opts map[string]struct{ on bool }
}

var cfg = struct {
	host string
	port int
	tls  struct{ cert, key string }
}{host: "h", port: 1}

var cases = []struct {
	in   string
	want int
	err  error
}{
	{"a", 1, nil},
	{in: "b"},
}

var pair struct {
	a, b int
}

type matrix [2]struct{ row [2]float64 }

func origin() struct{ x, y int } { return struct{ x, y int }{} }

func move(p struct{ x, y int }, dx int) struct{ x, y int } {
	p.x += dx
	return p
}

func ptrTo(p *struct{ x, y int }) *int { return &p.y }

type box[T any] struct {
	in struct{ v T }
}

func set() map[struct{ a, b string }]bool {
	return map[struct{ a, b string }]bool{{"x", "y"}: true}
}

func send() <-chan struct{ id int } {
	c := make(chan struct{ id int }, 2)
	c <- struct{ id int }{1}
	c <- struct{ id int }{id: 2}
	close(c)
	return c
}

func isPoint(v any) bool {
	_, ok := v.(struct{ x, y int })
	return ok
}

func main() {
	cfg.port++
	cfg.tls.cert = "c"
	fmt.Printf("%+v\n", cfg)
	for _, c := range cases {
		fmt.Println(c.in, c.want, c.err)
	}
	cases = append(cases, struct {
		in   string
		want int
		err  error
	}{"z", 9, nil})
	sort.Slice(cases, func(i, j int) bool { return cases[i].want > cases[j].want })
	fmt.Println(cases)
	pair.a = 3
	pair = struct{ a, b int }{pair.a, 4}
	p := origin()
	p = move(p, 5)
	*ptrTo(&p) = 6
	fmt.Println(pair, p, p == struct{ x, y int }{5, 6}, pt(p), struct{ x, y int }(pt{1, 2}))
	q := pt(p)
	q.x = 50
	p = struct{ x, y int }(q)
	fmt.Println(p, q, move(struct{ x, y int }(q), 1).x, isPoint(p), isPoint(q))
	h := holder{pos: p, opts: map[string]struct{ on bool }{"o": {true}}}
	h.pos.x--
	h.list = append(h.list, struct {
		k string
		v *holder
	}{"self", &h})
	h.list[0].v.pos.y = 99
	fmt.Println(h.pos, h.list[0].k, h.opts["o"].on, h.opts["none"].on)
	var b box[string]
	b.in.v = "boxed"
	fmt.Println(b)
	s := set()
	s[struct{ a, b string }{"p", "q"}] = false
	fmt.Println(len(s), s[struct{ a, b string }{"x", "y"}])
	for m := range send() {
		fmt.Print(m.id, " ")
	}
	var m matrix
	m[1].row[0] = 1.5
	fmt.Println(m)
	fmt.Printf("%T %T %T\n", p, struct{ x, y int }{}, cfg)
	var i any = struct{ x, y int }{1, 2}
	switch v := i.(type) {
	case pt:
		fmt.Println("pt")
	case struct{ x, y int }:
		fmt.Println("anonymous", v.x)
	}
	data, err := json.Marshal(struct {
		A int               `json:"a"`
		B []struct{ C int } `json:"b"`
		d string
	}{1, []struct{ C int }{{2}}, "no"})
	fmt.Println(string(data), err)
	var in struct {
		Name string
		Tags []string `json:"t"`
		Sub  *struct{ N int }
	}
	fmt.Println(json.Unmarshal([]byte(`{"name":"n","t":["a"],"Sub":{"N":5}}`), &in), in.Name, in.Tags, in.Sub.N)
	f := func() (r struct{ ok bool }) { r.ok = true; return }
	fmt.Println(f().ok, f())
	e := struct {
		pt
		*holder
	}{pt{7, 8}, &h}
	fmt.Println(e.x, e.pos.y, e.pt)
	arr := [...]struct{ n int }{{1}, {2}, 4: {5}}
	fmt.Println(len(arr), arr[4].n, arr)
	type named struct{ n int }
	for _, a := range arr[:2] {
		fmt.Print(named(a).n)
	}
	empty := struct{}{}
	fmt.Println(empty, empty == struct{}{})
}
