package engine_test

import (
	"testing"

	"github.com/gopar-project/gopar/parallel"
)

// BenchmarkTask is the cost of a load-balanced task through client, hub and engine, all in this process, and a worker.
func BenchmarkTask(b *testing.B) {
	profile := b.TempDir()
	_, stop := serveHub(b, profile)
	b.Cleanup(stop)
	serveEngine(b, profile, nil)
	rc := connect(b, profile, 1)
	xs := make([]int, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := rc.LoadBalancedView(parallel.Chunk(1)).Map(add, xs, xs).Get(); err != nil {
		b.Fatal(err)
	}
}
