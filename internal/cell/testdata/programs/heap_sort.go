package main

import (
	"bytes"
	"container/heap"
	"container/list"
	"container/ring"
	"fmt"
	"sort"
	"text/tabwriter"
	"text/template"
)

type item struct {
	value    string
	priority int
	index    int
}

type queue []*item

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].priority > q[j].priority }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i]; q[i].index, q[j].index = i, j }
func (q *queue) Push(x any)        { it := x.(*item); it.index = len(*q); *q = append(*q, it) }
func (q *queue) Pop() any {
	old := *q
	n := len(old)
	it := old[n-1]
	old[n-1] = nil
	it.index = -1
	*q = old[:n-1]
	return it
}

func (q *queue) update(it *item, value string, priority int) {
	it.value, it.priority = value, priority
	heap.Fix(q, it.index)
}

type lessFunc func(a, b *item) bool

type multi struct {
	items []*item
	less  []lessFunc
}

func (m *multi) Sort(items []*item)     { m.items = items; sort.Sort(m) }
func orderedBy(less ...lessFunc) *multi { return &multi{less: less} }
func (m *multi) Len() int               { return len(m.items) }
func (m *multi) Swap(i, j int)          { m.items[i], m.items[j] = m.items[j], m.items[i] }
func (m *multi) Less(i, j int) bool {
	p, q := m.items[i], m.items[j]
	for k := range len(m.less) - 1 {
		switch less := m.less[k]; {
		case less(p, q):
			return true
		case less(q, p):
			return false
		}
	}
	return m.less[len(m.less)-1](p, q)
}

func (it item) String() string { return fmt.Sprintf("%s:%d", it.value, it.priority) }

func (it item) Upper() string { return it.value + "^" }

type page struct {
	Title string
	Items []item
	total int
}

func (p page) Total() int { return p.total }

func main() {
	q := queue{}
	for i, w := range []string{"low", "high", "mid"} {
		heap.Push(&q, &item{value: w, priority: []int{1, 9, 5}[i]})
	}
	it := &item{value: "late", priority: 0}
	heap.Push(&q, it)
	q.update(it, "urgent", 100)
	for q.Len() > 0 {
		fmt.Print(heap.Pop(&q).(*item), " ")
	}
	fmt.Println(it.index)
	items := []*item{{"b", 1, 0}, {"a", 2, 0}, {"a", 1, 0}}
	orderedBy(
		func(a, b *item) bool { return a.value < b.value },
		func(a, b *item) bool { return a.priority < b.priority },
	).Sort(items)
	fmt.Println(items, []item{*items[0]})
	l := list.New()
	l.PushBack(item{"x", 1, 0})
	l.PushFront(item{"y", 2, 0})
	for e := l.Front(); e != nil; e = e.Next() {
		fmt.Print(e.Value.(item).value, " ")
	}
	r := ring.New(3)
	for i := range 3 {
		r.Value = i
		r = r.Next()
	}
	r.Do(func(v any) { fmt.Print(v, " ") })
	fmt.Println()
	var buf bytes.Buffer
	t := template.Must(template.New("t").Funcs(template.FuncMap{"twice": func(s string) string { return s + s }}).Parse(
		`{{.Title | twice}}: {{range $i, $e := .Items}}{{if $i}}, {{end}}{{.Upper}}={{.}}{{end}} ({{.Total}})` + "\n"))
	if err := t.Execute(&buf, page{"T", []item{{"p", 1, 0}, {"q", 2, 0}}, 3}); err != nil {
		fmt.Println(err)
	}
	fmt.Print(buf.String())
	tw := tabwriter.NewWriter(&buf, 0, 8, 1, '.', 0)
	fmt.Fprintln(tw, "a\tbbb\tc")
	fmt.Fprintln(tw, "aaaa\tb\tc")
	tw.Flush()
	fmt.Print(buf.String())
	x := sort.Search(100, func(i int) bool { return i*i >= 50 })
	fmt.Println(x, sort.SearchStrings([]string{"a", "c"}, "b"))
}
