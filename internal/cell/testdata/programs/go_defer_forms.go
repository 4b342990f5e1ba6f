package main

import (
	"fmt"
	"sort"
	"strings"
	"sync"
)

type worker struct {
	mu  sync.Mutex
	out []string
	wg  *sync.WaitGroup
}

func (w *worker) log(s string, xs ...any) {
	defer w.wg.Done()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out = append(w.out, fmt.Sprint(s, len(xs), xs))
}

func (w worker) byValue(n int) { w.log2(fmt.Sprint("value", n)) }

func (w worker) log2(s string) { defer w.wg.Done(); results <- s }

var results = make(chan string, 50)

func send[T any](c chan<- T, v T) { c <- v }

func args() (string, int) { return "multi", 2 }

func takes(s string, n int) { results <- fmt.Sprint("takes ", s, n) }

func noResult() {}

func hasResult(n int) int { results <- fmt.Sprint("result", n); return n }

type runner interface{ run(string) }

type fn func(string)

func (f fn) run(s string) { f(s) }

func choose(n int) func(int) int {
	fmt.Println("chosen", n)
	return func(m int) int { results <- fmt.Sprint("closure", n, m); return m }
}

type callbacks struct {
	on  func(string)
	all []func(int)
	m   map[string]func()
}

func drain(n int) {
	var got []string
	for range n {
		got = append(got, <-results)
	}
	sort.Strings(got)
	fmt.Println(strings.Join(got, " | "))
}

func main() {
	var wg sync.WaitGroup
	w := &worker{wg: &wg}
	wg.Add(4)
	go w.log("a")
	go w.log("b", 1, "x")
	go w.log("c", []any{1, 2}...)
	go (*worker).log(w, "expr", nil)
	wg.Wait()
	sort.Strings(w.out)
	fmt.Println(w.out)
	wg.Add(2)
	go worker{wg: &wg}.byValue(1)
	go (worker.byValue)(worker{wg: &wg}, 2)
	drain(2)
	ch := make(chan int, 1)
	go send(ch, 5)
	fmt.Println(<-ch)
	go send[string](results, "explicit")
	go takes(args())
	go noResult()
	go hasResult(3)
	go choose(1)(2)
	drain(4)
	x := 1
	go func(n int) { results <- fmt.Sprint("captured", n) }(x)
	x = 2
	go func() int { results <- "literal with result"; return 1 }()
	go (func() { results <- "parens" })()
	var r runner = fn(func(s string) { results <- "iface " + s })
	go r.run("call")
	go fn(func(s string) { results <- "conv " + s })("c")
	go fmt.Fprint(new(strings.Builder), "host")
	drain(5)
	cb := callbacks{on: func(s string) { results <- "field " + s }, all: []func(int){func(i int) { results <- fmt.Sprint("elem", i) }}, m: map[string]func(){"k": func() { results <- "map" }}}
	go cb.on("f")
	go cb.all[0](7)
	go cb.m["k"]()
	drain(3)
	quit := make(chan struct{})
	go close(quit)
	<-quit
	m := map[string]int{"a": 1}
	func() {
		defer delete(m, "a")
		defer fmt.Println("defer host", len(m))
		defer send(results, "deferred generic")
		defer w.mu.Unlock()
		defer func() { recover() }()
		w.mu.Lock()
		for i := range 3 {
			defer func() { results <- fmt.Sprint("d", i) }()
		}
		defer takes(args())
		panic("swallowed")
	}()
	drain(5)
	fmt.Println(len(m), w.mu.TryLock())
	func() {
		defer func() {
			fmt.Println("outer", recover())
		}()
		defer recover()
		panic("not by defer recover()")
	}()
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		var p *worker
		p.out = nil
	}()
	fmt.Println(<-done)
	for i := range 3 {
		go func() {
			for j := range 2 {
				results <- fmt.Sprint(i, j)
			}
		}()
	}
	drain(6)
	var mu sync.RWMutex
	var once sync.Once
	total := 0
	var wg2 sync.WaitGroup
	for i := 0; i < 5; i++ {
		wg2.Add(1)
		go func() {
			defer wg2.Done()
			once.Do(func() { mu.Lock(); total += 100; mu.Unlock() })
			mu.Lock()
			defer mu.Unlock()
			total += i
		}()
	}
	wg2.Wait()
	fmt.Println(total)
	if n := len(results); n == 0 {
		go func() { defer close(results); results <- "last" }()
	}
	for s := range results {
		fmt.Println(s)
	}
}
