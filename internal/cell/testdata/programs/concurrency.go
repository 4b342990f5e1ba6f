package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

type job struct {
	id   int
	done chan<- result
}

type result struct {
	id, square int
}

type counter struct {
	mu sync.Mutex
	m  map[string]int
}

func (c *counter) inc(k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k]++
}

type pool struct {
	jobs chan job
	wg   sync.WaitGroup
}

func newPool(n int) *pool {
	p := &pool{jobs: make(chan job)}
	for range n {
		p.wg.Add(1)
		go p.work()
	}
	return p
}

func (p *pool) work() {
	defer p.wg.Done()
	for j := range p.jobs {
		j.done <- result{j.id, j.id * j.id}
	}
}

func (p *pool) close() { close(p.jobs); p.wg.Wait() }

func producer(ctx context.Context, n int) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := range n {
			select {
			case out <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

func square(in <-chan int) <-chan int {
	out := make(chan int)
	go func(o chan<- int) {
		for v := range in {
			o <- v * v
		}
		close(o)
	}(out)
	return out
}

type key struct{}

func send(c chan int, vs ...int) {
	for _, v := range vs {
		c <- v
	}
	close(c)
}

func main() {
	p := newPool(3)
	results := make(chan result, 5)
	for i := range 5 {
		p.jobs <- job{i, results}
	}
	p.close()
	close(results)
	var rs []result
	for r := range results {
		rs = append(rs, r)
	}
	sort.Slice(rs, func(i, j int) bool { return rs[i].id < rs[j].id })
	fmt.Println(rs)

	c := counter{m: map[string]int{}}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { c.inc(fmt.Sprint(i % 2)) })
	}
	wg.Wait()
	fmt.Println(c.m)

	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "v"))
	n := 0
	for v := range square(producer(ctx, 100)) {
		if n += v; v > 10 {
			break
		}
	}
	cancel()
	fmt.Println(n, ctx.Err(), ctx.Value(key{}), errors.Is(ctx.Err(), context.Canceled))
	tctx, stop := context.WithTimeout(context.Background(), time.Millisecond)
	defer stop()
	<-tctx.Done()
	fmt.Println(tctx.Err())

	var total atomic.Int64
	var once sync.Once
	for i := range 10 {
		wg.Add(1)
		go func(k int64) {
			defer wg.Done()
			total.Add(k)
			once.Do(func() { total.Add(1000) })
		}(int64(i))
	}
	wg.Wait()
	fmt.Println(total.Load())

	ch := make(chan int)
	go send(ch, 1, 2, 3)
	for v := range ch {
		fmt.Print(v, " ")
	}
	var nilCh chan int
	select {
	case v := <-nilCh:
		fmt.Println(v)
	case v, ok := <-ch:
		fmt.Println(v, ok)
	}
	sem := make(chan struct{}, 2)
	sem <- struct{}{}
	select {
	case sem <- struct{}{}:
		fmt.Println("acquired", len(sem))
	default:
		fmt.Println("full")
	}
	arr := [2]chan int{make(chan int, 1), make(chan int, 1)}
	idx := func(i int) int { fmt.Print("idx", i, " "); return i }
	arr[1] <- 5
	var got [2]int
	select {
	case got[idx(0)] = <-arr[idx(0)]:
	case got[idx(1)] = <-arr[idx(1)]:
	}
	fmt.Println(got)
	lazy := sync.OnceValue(func() string { fmt.Println("computed"); return "once" })
	fmt.Println(lazy(), lazy())
	var m sync.Map
	m.Store(key{}, 1)
	v, ok := m.Load(key{})
	fmt.Println(v, ok)
	cond := sync.NewCond(&sync.Mutex{})
	ready := false
	go func() { cond.L.Lock(); ready = true; cond.L.Unlock(); cond.Broadcast() }()
	cond.L.Lock()
	for !ready {
		cond.Wait()
	}
	cond.L.Unlock()
	var ap atomic.Pointer[result]
	ap.Store(&result{1, 2})
	fmt.Println(ap.Load().square, *ap.Load())
	tick := time.After(time.Millisecond)
	<-tick
	func() {
		defer func() { fmt.Println(recover()) }()
		close(ch)
	}()
	func() {
		defer func() { fmt.Println(recover()) }()
		ch <- 1
	}()
}
