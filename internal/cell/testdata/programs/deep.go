package main

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
)

type big struct {
	data [1024]int
	next *big
}

func depth(n int) int {
	if n == 0 {
		return 0
	}
	return 1 + depth(n-1)
}

func pad(n int, b big) int {
	if n == 0 {
		return b.data[1023]
	}
	b.data[1023]++
	return pad(n-1, b)
}

func ackermann(m, n int) int {
	switch {
	case m == 0:
		return n + 1
	case n == 0:
		return ackermann(m-1, 1)
	}
	return ackermann(m-1, ackermann(m, n-1))
}

func collatz(limit int) (best, steps int) {
	for i := 1; i < limit; i++ {
		n, s := i, 0
		for n != 1 {
			if n%2 == 0 {
				n /= 2
			} else {
				n = 3*n + 1
			}
			s++
		}
		if s > steps {
			best, steps = i, s
		}
	}
	return
}

func matmul(n int) float64 {
	a, b, c := make([][]float64, n), make([][]float64, n), make([][]float64, n)
	for i := range n {
		a[i], b[i], c[i] = make([]float64, n), make([]float64, n), make([]float64, n)
		for j := range n {
			a[i][j], b[i][j] = float64(i+j), float64(i-j)
		}
	}
	for i := range a {
		for j := range b {
			for k := range c {
				c[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return c[n-1][n-1]
}

func parallelSum(n, workers int) (total int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			sum := 0
			for i := w; i < n; i += workers {
				sum += i
			}
			mu.Lock()
			defer mu.Unlock()
			total += sum
		})
	}
	wg.Wait()
	return
}

func garbage(n int) (keep []*big) {
	for i := range n {
		b := &big{}
		b.data[0] = i
		if i%100 == 0 {
			keep = append(keep, b)
		}
	}
	runtime.GC()
	return
}

func main() {
	fmt.Println(depth(200000), pad(500, big{}), ackermann(2, 9))
	fmt.Println(collatz(20000))
	fmt.Println(matmul(60), parallelSum(100000, 7))
	k := garbage(1000)
	s := 0
	for _, b := range k {
		s += b.data[0]
	}
	fmt.Println(len(k), s)
	var sb strings.Builder
	for i := range 2000 {
		if i%500 == 0 {
			fmt.Fprintln(&sb, strings.Repeat("ab", i/100))
		}
	}
	fmt.Print(sb.String())
	primes := make([]bool, 10000)
	n := 0
	for i := 2; i < len(primes); i++ {
		if primes[i] {
			continue
		}
		n++
		for j := i * i; j < len(primes); j += i {
			primes[j] = true
		}
	}
	fmt.Println(n)
	done := make(chan int)
	go func() { done <- depth(50000) }()
	fmt.Println(<-done)
}
