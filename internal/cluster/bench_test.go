package cluster_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/cluster"
)

// BenchmarkStart measures from the call of Start to all engines registered,
// with the least hub and engines; $GOPAR_BENCH_EXE names a gopar binary to take
// instead.
func BenchmarkStart(b *testing.B) {
	for _, n := range []int{4, 16, 64} {
		b.Run(fmt.Sprintf("engines=%d", n), func(b *testing.B) {
			o := cluster.Options{N: n, ProfileDir: filepath.Join(b.TempDir(), "profile_bench"), Exe: os.Getenv("GOPAR_BENCH_EXE")}
			if o.Exe == "" {
				exe, err := os.Executable()
				if err != nil {
					b.Fatal(err)
				}
				o.Exe = exe
			}
			var stopping time.Duration
			for b.Loop() {
				c, err := cluster.Start(b.Context(), o)
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				began := time.Now()
				if err := c.Stop(context.Background()); err != nil {
					b.Fatal(err)
				}
				stopping += time.Since(began)
				b.StartTimer()
			}
			b.ReportMetric(stopping.Seconds()*1e3/float64(b.N), "stop-ms/op")
		})
	}
}
