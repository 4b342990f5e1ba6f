package parallel_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/gopar-project/gopar/parallel"
)

func failOdd(n, id int) (int, error) {
	if id%2 == 1 {
		return 0, fmt.Errorf("process %d is odd", id)
	}
	return n, nil
}

func TestBroadcastsReachAllEngines(t *testing.T) {
	rc := cluster(t)
	for name, opts := range map[string][]parallel.BroadcastOption{
		"as they come": nil, "coalesced": {parallel.Coalesce(), parallel.BroadcastLabel("all")},
	} {
		view := rc.BroadcastView(opts...)
		ids, err := parallel.Get[[]int](view.Apply(processID))
		if err != nil || len(ids) != 4 {
			t.Fatalf("%s: %v, %v", name, ids, err)
		}
		direct, err := parallel.Get[[]int](rc.Apply(processID))
		if err != nil || !slices.Equal(ids, direct) { // in the order of the engines
			t.Errorf("%s: %v, directly %v, %v", name, ids, direct, err)
		}
		big := make([]float64, 1<<17)
		big[len(big)-1] = 7
		sums, err := parallel.Get[[]float64](view.Apply(last, big))
		if err != nil || !slices.Equal(sums, []float64{7, 7, 7, 7}) {
			t.Errorf("%s: %v, %v", name, sums, err)
		}
		var remote *parallel.RemoteError
		if _, err := view.Apply(failOdd, 1, 1).Get(); !errors.As(err, &remote) || remote.Message != "process 1 is odd" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (parallel.Client{}).BroadcastView().Apply(processID).Get(); err == nil {
		t.Error("a broadcast to nobody has no error")
	}
}

func last(x []float64) float64 { return x[len(x)-1] }
