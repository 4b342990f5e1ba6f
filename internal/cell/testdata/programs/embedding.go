package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

type logger struct {
	prefix string
	lines  []string
}

func (l *logger) log(s string)       { l.lines = append(l.lines, l.prefix+s) }
func (l logger) count() int          { return len(l.lines) }
func (l logger) Describe() string    { return "logger " + l.prefix }
func (l *logger) setPrefix(p string) { l.prefix = p }

type Named struct{ Name string }

func (n Named) Hello() string { return "hello " + n.Name }

type speaker interface{ speak() string }

type dog struct{}

func (dog) speak() string { return "woof" }

type service struct {
	*logger
	Named
	speaker
	sync.Mutex
	time.Duration
	io.Reader
	id int
}

func (s *service) Describe() string { return "service of " + s.logger.Describe() }

type deep struct {
	service
	depth int
}

type a struct{ v int }
type b struct{ v string }
type both struct {
	a
	b
	w int
}

type readWriter interface {
	io.Reader
	io.Writer
	speaker
}

type rw struct {
	strings.Builder
	*strings.Reader
	dog
}

func (r *rw) String() string { return r.Builder.String() }
func (r *rw) Reset()         {}
func (r *rw) Len() int       { return r.Builder.Len() }

type counter int

func (c *counter) inc() { *c++ }

type page struct {
	counter
	title string
}

func main() {
	s := &service{logger: &logger{prefix: "> "}, Named: Named{"svc"}, speaker: dog{}, Duration: time.Second, Reader: strings.NewReader("data"), id: 4}
	s.log("one")
	s.logger.log("two")
	s.setPrefix("# ")
	s.log("three")
	fmt.Println(s.lines, s.count(), s.prefix, s.Describe(), s.Hello(), s.Name, s.speak(), s.Seconds(), s.Duration)
	s.Lock()
	fmt.Println(s.TryLock())
	s.Unlock()
	data, _ := io.ReadAll(s)
	fmt.Println(string(data))
	d := deep{depth: 2}
	d.logger = s.logger
	d.log("deep")
	d.Name = "deep"
	d.id = 9
	d.service.Named.Name += "er"
	fmt.Println(d.lines[3], d.Hello(), d.service.id, d.count(), d.speaker == nil, d.Describe())
	x := both{a{1}, b{"s"}, 3}
	fmt.Println(x.a.v, x.b.v, x.w, x)
	fmt.Printf("%+v\n", x)
	r := &rw{Reader: strings.NewReader("in")}
	var i readWriter = r
	fmt.Fprint(i, "out")
	buf := make([]byte, 5)
	n, _ := i.Read(buf)
	fmt.Println(r.String(), string(buf[:n]), i.speak(), r.Len())
	p := page{title: "t"}
	p.inc()
	p.counter.inc()
	fmt.Println(p.counter, p)
	f := s.log
	f("bound")
	g := (*service).log
	g(s, "expr")
	h := deep.speak
	fmt.Println(s.lines[4:], s.count(), h(deep{service: service{speaker: dog{}}}))
	var sp speaker = d.service
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		sp.speak()
	}()
	pp := &p
	pp.title = "via pointer"
	ppp := &pp
	(*ppp).counter = 10
	(**ppp).inc()
	fmt.Println(p.title, p.counter)
}
