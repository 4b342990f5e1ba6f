package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gopar-project/gopar/internal/notebook"
)

// startWorks compares how long it takes from nothing to the first result of all engines, as the user of a notebook waits for it.
func startWorks(ctx context.Context, l *lab) ([]work, func(), error) {
	spec, err := l.goparKernel()
	if err != nil {
		return nil, nil, err
	}
	p, err := startPeer(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	k, err := l.start(ctx, spec)
	if err == nil {
		_, err = execute(ctx, k, "func mul(a, b int) int { return a * b }")
	}
	if err != nil {
		p.close()
		return nil, nil, err
	}
	var works []work
	for _, n := range []int{4, 16} {
		works = append(works, work{
			name: fmt.Sprintf("cluster start to first result, %d engines", n), unit: "s", repetitions: 3, peer: "ipyparallel",
			gopar:       func(ctx context.Context) (float64, error) { return firstResult(ctx, k, n) },
			measurePeer: func(context.Context) (float64, error) { return p.measure("first" + strconv.Itoa(n)) },
		})
	}
	return works, func() { k.Close(); p.close() }, nil
}

// firstResult returns the seconds that a cell measures, which stops the cluster afterwards.
func firstResult(ctx context.Context, k *notebook.Kernel, n int) (float64, error) {
	printed, err := execute(ctx, k, fmt.Sprintf(`func() {
	begin := time.Now()
	c := parallel.MustStart(parallel.N(%d), parallel.ClusterID("first%d"))
	values, err := c.Client()[:].Apply(mul, 6, 7).Get()
	took := time.Since(begin).Seconds()
	if err := c.Stop(); err != nil {
		panic(err)
	}
	if err != nil || len(values) != %d {
		panic(fmt.Sprint(values, err))
	}
	fmt.Println(took)
}()`, n, n, n))
	if err != nil {
		return 0, err
	}
	printed = printed[strings.LastIndexByte(printed, '\r')+1:] // the first cell also says that it is compiled
	return strconv.ParseFloat(strings.TrimSpace(printed), 64)
}
