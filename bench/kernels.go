package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gopar-project/gopar/internal/notebook"
	"github.com/gopar-project/gopar/kernelspec"
)

// kernelWorks compares the kernels, both driven by the same client over the same kind of sockets.
func kernelWorks(ctx context.Context, l *lab) ([]work, func(), error) {
	spec, err := l.goparKernel()
	if err != nil {
		return nil, nil, err
	}
	ours, err := l.start(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	theirs, err := l.start(ctx, l.ipykernel())
	if err != nil {
		ours.Close()
		return nil, nil, err
	}
	done := func() { ours.Close(); theirs.Close() }
	return append([]work{
		{
			name: "cold start to first result", unit: "s", repetitions: 5, peer: "ipykernel",
			gopar:       func(ctx context.Context) (float64, error) { return coldStart(ctx, l, spec) },
			measurePeer: func(ctx context.Context) (float64, error) { return coldStart(ctx, l, l.ipykernel()) },
		},
		{
			name: "trivial cell", unit: "ms", repetitions: 7, peer: "ipykernel",
			gopar:       func(ctx context.Context) (float64, error) { return trivialCells(ctx, ours) },
			measurePeer: func(ctx context.Context) (float64, error) { return trivialCells(ctx, theirs) },
		},
	}, cellWorks(ours, theirs)...), done, nil
}

func coldStart(ctx context.Context, l *lab, spec kernelspec.Installed) (float64, error) {
	start := time.Now()
	k, err := l.start(ctx, spec)
	if err != nil {
		return 0, err
	}
	defer k.Close()
	if _, err := execute(ctx, k, "1 + 1"); err != nil {
		return 0, err
	}
	return time.Since(start).Seconds(), nil
}

// trivialCells returns the median time of 100 different cells, from request to both reply and idle.
func trivialCells(ctx context.Context, k *notebook.Kernel) (float64, error) {
	var times []float64
	for i := range 100 {
		start := time.Now()
		if _, err := execute(ctx, k, fmt.Sprintf("%d + 1", i)); err != nil {
			return 0, err
		}
		times = append(times, float64(time.Since(start))/float64(time.Millisecond))
	}
	return median(times), nil
}
