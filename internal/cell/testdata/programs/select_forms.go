package main

import (
	"fmt"
	"time"
)

type msg struct {
	id   int
	resp chan string
}

type bus struct {
	in   chan msg
	quit chan struct{}
	log  []int
}

func (b *bus) loop() {
	for {
		select {
		case m, ok := <-b.in:
			if !ok {
				b.in = nil
				continue
			}
			b.log = append(b.log, m.id)
			m.resp <- fmt.Sprint("ok ", m.id)
		case <-b.quit:
			b.log = append(b.log, -1)
			b.quit <- struct{}{}
			return
		}
	}
}

func first(cs ...<-chan int) (v int) {
	select {
	case v = <-cs[0]:
	case v = <-cs[1]:
		v *= 10
	}
	return
}

func gen(n int) <-chan int {
	c := make(chan int, 1)
	c <- n
	return c
}

func tryLock(sem chan struct{}) bool {
	select {
	case sem <- struct{}{}:
		return true
	default:
		return false
	}
}

func main() {
	b := &bus{in: make(chan msg), quit: make(chan struct{})}
	go b.loop()
	for i := range 3 {
		m := msg{i, make(chan string)}
		b.in <- m
		fmt.Println(<-m.resp)
	}
	close(b.in)
	b.quit <- struct{}{}
	<-b.quit
	fmt.Println(b.log)
	fmt.Println(first(nil, gen(4)), first(gen(5), nil))
	sem := make(chan struct{}, 1)
	fmt.Println(tryLock(sem), tryLock(sem))
	timeout := time.After(5 * time.Millisecond)
	n := 0
loop:
	for {
		select {
		case <-timeout:
			break loop
		case <-time.After(time.Millisecond / 2):
			n++
		}
	}
	fmt.Println(n > 0)
	c := make(chan int, 3)
	for i := range 5 {
		select {
		case c <- i:
		default:
			fmt.Println("drop", i)
		}
	}
	close(c)
	var got []int
	for {
		v, ok := <-c
		if !ok {
			break
		}
		got = append(got, v)
	}
	fmt.Println(got, len(c), cap(c))
	chans := map[string]chan int{"a": make(chan int, 1), "b": make(chan int, 1)}
	chans["b"] <- 7
	m := map[string]int{}
	select {
	case m["a"] = <-chans["a"]:
	case m["b"] = <-chans["b"]:
	}
	fmt.Println(m)
	var ok bool
	var v int
	done := make(chan int)
	close(done)
	select {
	case v, ok = <-done:
		fmt.Println(v, ok)
	}
	select {
	case _, more := <-done:
		fmt.Println(more)
	case x := <-chans["a"]:
		fmt.Println(x)
	}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for i := 0; i < 2; i++ {
		select {
		case <-ticker.C:
		}
	}
	var send chan<- int = chans["a"]
	var recv <-chan int = chans["a"]
	send <- 3
	fmt.Println(<-recv, len(recv))
	pipe := make(chan func() int, 1)
	pipe <- func() int { return 42 }
	fmt.Println((<-pipe)())
	cc := make(chan chan int, 1)
	cc <- make(chan int, 1)
	inner := <-cc
	inner <- 9
	fmt.Println(<-inner)
	select {
	case <-func() chan int { fmt.Println("evaluated"); return nil }():
	default:
		fmt.Println("default")
	}
}
