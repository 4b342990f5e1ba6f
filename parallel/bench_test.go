package parallel_test

import (
	"testing"

	"github.com/gopar-project/gopar/parallel"
)

// BenchmarkApply is the time from a call on one engine to its result.
func BenchmarkApply(b *testing.B) {
	rc := cluster(b)
	for b.Loop() {
		if _, err := rc[0].Apply(mul, 5, 6).Get(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMapTask is the time per load-balanced task of one element.
func BenchmarkMapTask(b *testing.B) { benchmarkMap(b, parallel.Chunk(1)) }

// BenchmarkMapElement is the time per element when tasks are as large as suits.
func BenchmarkMapElement(b *testing.B) { benchmarkMap(b) }

func benchmarkMap(b *testing.B, opts ...parallel.ViewOption) {
	rc := cluster(b)
	xs := make([]int, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := rc.LoadBalancedView(opts...).Map(mul, xs, xs).Get(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}

// BenchmarkTenMegabytes sends a slice to an engine, which sends it back.
func BenchmarkTenMegabytes(b *testing.B) {
	rc := cluster(b)
	data := make([]float64, 10<<20/8)
	b.SetBytes(2 * 10 << 20)
	for b.Loop() {
		if _, err := rc[0].Apply(echoFloats, data).Get(); err != nil {
			b.Fatal(err)
		}
	}
}

func echoFloats(xs []float64) []float64 { return xs }
