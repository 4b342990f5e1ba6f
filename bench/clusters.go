package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/notebook"
)

const engines = 4

// The cells that measure gopar from inside a notebook, as its users see it; each prints one figure.
const (
	prepareCell = `rc := parallel.MustConnect()
func mul(a, b int) int { return a * b }
func numbers(n int) []int {
	xs := make([]int, n)
	for i := range xs {
		xs[i] = i
	}
	return xs
}
view := rc.LoadBalancedView(parallel.Chunk(1))
if _, err := rc.Apply(mul, 5, 6).Get(); err != nil {
	panic(err)
}`
	applyCell = `times := []float64{}
for range 100 {
	start := time.Now()
	if _, err := rc[0].Apply(mul, 5, 6).Get(); err != nil {
		panic(err)
	}
	times = append(times, time.Since(start).Seconds())
}
slices.Sort(times)
fmt.Println(1000 * times[len(times)/2])`
	balancedCell = `start := time.Now()
if _, err := view.Map(mul, numbers(10000), numbers(10000)).Get(); err != nil {
	panic(err)
}
fmt.Println(10000 / time.Since(start).Seconds())`
	pushCell = `big := make([]float64, 10<<20/8)
for i := range big { big[i] = float64(i) }
pushed := []float64{}
for range 9 {
	start := time.Now()
	if _, err := rc[0].Push(map[string]any{"big": big}).Get(); err != nil { panic(err) }
	pushed = append(pushed, 10.48576 / time.Since(start).Seconds())
}
slices.Sort(pushed)
fmt.Println(pushed[4])`
	pullCell = `pulled := []float64{}
for range 9 {
	start := time.Now()
	if _, err := rc[0].Pull("big").Get(); err != nil { panic(err) }
	pulled = append(pulled, 10.48576 / time.Since(start).Seconds())
}
slices.Sort(pulled)
fmt.Println(pulled[4])`
	pxCell = "%%px\nfmt.Println(1)"
)

// clusterWorks compares clusters of 4 engines on this machine.
func clusterWorks(ctx context.Context, l *lab) ([]work, func(), error) {
	spec, err := l.goparKernel()
	if err != nil {
		return nil, nil, err
	}
	p, err := startPeer(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	var k *notebook.Kernel // in which the cells run, once a cluster is there
	stop := func(ctx context.Context) error {
		if k == nil {
			return nil
		}
		k.Close()
		k = nil
		return command(ctx, l.gopar, "cluster", "stop")
	}
	cell := func(code string) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			printed, err := execute(ctx, k, code)
			if err != nil {
				return 0, err
			}
			return strconv.ParseFloat(strings.TrimSpace(printed), 64)
		}
	}
	peer := func(what string) func(context.Context) (float64, error) {
		return func(context.Context) (float64, error) { return p.measure(what) }
	}
	start := func(ctx context.Context) (float64, error) {
		if err := stop(ctx); err != nil {
			return 0, err
		}
		begin := time.Now()
		if err := command(ctx, l.gopar, "cluster", "start", "-n", strconv.Itoa(engines)); err != nil {
			return 0, err
		}
		took := time.Since(begin).Seconds()
		if k, err = l.start(ctx, spec); err != nil {
			return 0, err
		}
		_, err := execute(ctx, k, prepareCell)
		return took, err
	}
	done := func() {
		if err := stop(context.WithoutCancel(ctx)); err != nil {
			fmt.Fprintln(os.Stderr, "bench: stop the cluster:", err)
		}
		p.close()
	}
	return []work{
		{name: "cluster start, 4 engines", unit: "s", repetitions: 3, peer: "ipyparallel", gopar: start, measurePeer: peer("start")},
		{name: "apply on one engine", unit: "ms", repetitions: 7, peer: "ipyparallel", gopar: cell(applyCell), measurePeer: peer("apply")},
		{
			name: "load-balanced map of 10,000 trivial tasks", unit: "tasks/s", higher: true, repetitions: 3, peer: "ipyparallel",
			gopar: cell(balancedCell), measurePeer: peer("balanced"),
		},
		{
			name: "load-balanced map of 10,000 trivial tasks, Python engines and client", unit: "tasks/s", higher: true, repetitions: 3,
			peer: "ipyparallel", gopar: peer("balanced_hub"), measurePeer: peer("balanced"),
		},
		{name: "push 10 MB", unit: "MB/s", higher: true, repetitions: 5, peer: "ipyparallel", gopar: cell(pushCell), measurePeer: peer("push")},
		{name: "pull 10 MB", unit: "MB/s", higher: true, repetitions: 5, peer: "ipyparallel", gopar: cell(pullCell), measurePeer: peer("pull")},
		{
			name: "%%px print on 4 engines", unit: "ms", repetitions: 7, peer: "ipyparallel",
			gopar: func(ctx context.Context) (float64, error) { return pxCells(ctx, k) }, measurePeer: peer("px"),
		},
	}, done, nil
}

// pxCells returns the median time of 20 %%px cells, from the front end's request to its reply and idle.
func pxCells(ctx context.Context, k *notebook.Kernel) (float64, error) {
	var times []float64
	for range 20 {
		start := time.Now()
		if _, err := execute(ctx, k, pxCell); err != nil {
			return 0, err
		}
		times = append(times, float64(time.Since(start))/float64(time.Millisecond))
	}
	return median(times), nil
}
