package main

import (
	"errors"
	"fmt"
	"sort"
	"sync"
)

type id struct{ n int }

func (i id) key() string { return fmt.Sprint("k", i.n) }
func (i *id) bump()      { i.n++ }

type meta struct {
	id
	tags map[string]string
}

func (m *meta) tag(k, v string) *meta {
	if m.tags == nil {
		m.tags = map[string]string{}
	}
	m.tags[k] = v
	return m
}

type box[T any] struct {
	val T
	*meta
}

func (b box[T]) get() T   { return b.val }
func (b *box[T]) put(v T) { b.val = v }

type labelled struct {
	box[string]
	label string
}

func (l labelled) key() string { return "label:" + l.label + "/" + l.box.key() }

type keyer interface{ key() string }

type tagger interface {
	keyer
	tag(k, v string) *meta
}

type full struct {
	tagger
	labelled
	sync.Mutex
	error
	sort.Interface
}

func (f full) key() string { return "full:" + f.labelled.key() }

type level3 struct{ *full }

type plainInts []int

func (p plainInts) Len() int           { return len(p) }
func (p plainInts) Less(i, j int) bool { return p[i] < p[j] }
func (p plainInts) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

type reversed struct{ sort.Interface }

func (r reversed) Less(i, j int) bool { return r.Interface.Less(j, i) }

type base struct{ log []string }

func (b *base) add(s string) { b.log = append(b.log, s) }
func (b *base) template(h interface{ hook() string }) {
	b.add("before")
	b.add(h.hook())
	b.add("after")
}
func (b *base) hook() string { return "base hook" }

type child struct {
	base
	name string
}

func (c *child) hook() string { return "child " + c.name }

func keys(ks ...keyer) (out []string) {
	for _, k := range ks {
		out = append(out, k.key())
	}
	return
}

var shared = &meta{id: id{10}}

func main() {
	m := meta{id: id{1}, tags: map[string]string{"a": "b"}}
	m.bump()
	m.id.bump()
	m.tag("c", "d").tag("e", "f").bump()
	fmt.Println(m.n, m.key(), len(m.tags), m.id, m)
	b := box[int]{5, &m}
	b.put(b.get() * 2)
	b.n *= 10
	b.meta.id.n++
	fmt.Println(b.val, b.key(), b.tags["c"], m.n)
	l := labelled{box[string]{"v", shared}, "L"}
	l.put("w")
	l.bump()
	l.tags = nil
	l.tag("x", "y")
	fmt.Println(l.key(), l.box.key(), l.val, l.get(), shared.n, shared.tags, l.box.meta.id.n)
	f := &full{tagger: &m, labelled: l, error: errors.New("inner"), Interface: plainInts{3, 1, 2}}
	f.labelled.label = "F"
	f.Lock()
	f.label += "!"
	f.Unlock()
	sort.Sort(f)
	fmt.Println(f.key(), f.tagger.key(), f.label, f.Error(), f.Interface, f.val, f.labelled.n)
	l3 := level3{f}
	l3.labelled.put("deep")
	l3.box.bump()
	l3.error = nil
	sort.Sort(reversed{l3.Interface})
	fmt.Println(l3.val, l3.key(), shared.n, f.error == nil, l3.Interface.(plainInts)[0], l3.full == f)
	fmt.Println(keys(m, &m, b, l, &l, f, *f, l3, id{3}))
	var t tagger = f.tagger
	t.tag("via", "iface")
	fmt.Println(m.tags["via"], t.key())
	c := &child{name: "c"}
	c.template(c)
	c.base.template(&c.base)
	fmt.Println(c.log, c.hook(), c.base.hook())
	anon := struct {
		*child
		keyer
		extra int
	}{c, id{9}, 1}
	anon.add("anon")
	anon.name += "2"
	fmt.Println(anon.key(), len(anon.log), c.name, anon.hook())
	put := l3.put
	put("bound")
	get := box[string].get
	fmt.Println(l3.get(), get(l3.box), (*child).hook(c), keyer.key(id{4}))
	fmt.Printf("%T %T %T\n", b, l3.labelled, anon.keyer)
	arr := [2]labelled{1: {label: "z", box: box[string]{meta: &meta{id: id{7}}}}}
	arr[1].n += 3
	arr[1].box.meta.bump()
	fmt.Println(arr[1].key(), arr[0].meta == nil)
	func() {
		defer func() { fmt.Println(recover()) }()
		arr[0].bump()
	}()
}
