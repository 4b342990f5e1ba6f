package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/store"
)

// BenchmarkFind measures queries over a million records, as ipyparallel's clients ask them.
func BenchmarkFind(b *testing.B) {
	const n = 1_000_000
	for _, name := range []string{"memory", "sqlite", "postgres"} {
		s := stores[name](b, store.Budget{Memory: 8 << 30, Bytes: 8 << 30, Count: 2 * n})
		began := time.Now()
		batch := make([]*store.Record, 0, 1000)
		for i := range n {
			r := example(i)
			r.ID, r.Label, r.Engine, r.Buffers = fmt.Sprintf("task-%07d", i), fmt.Sprintf("label_%d", i%10_000), fmt.Sprintf("engine-%d", i%1000), nil
			if batch = append(batch, r); len(batch) == cap(batch) {
				if err := s.Put(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
				batch = make([]*store.Record, 0, 1000)
			}
		}
		put := time.Since(began)
		for what, q := range map[string]store.Query{
			"by id":     {{Column: "msg_id", Op: "$in", Value: []any{"task-0500000", "task-0000007"}}},
			"by time":   {{Column: "submitted", Op: "$gte", Value: epoch.Add((n - 1000) * time.Second)}},
			"by label":  {{Column: "label", Op: "$eq", Value: "label_77"}},
			"by prefix": {{Column: "label", Op: "$glob", Value: "label_77[0-3]"}},
			"by engine": {{Column: "engine_uuid", Op: "$eq", Value: "engine-77"}},
		} {
			b.Run(name+"/"+what, func(b *testing.B) {
				found := 0
				for b.Loop() {
					found = 0
					if err := s.Find(b.Context(), q, nil, func(*store.Record) error { found++; return nil }); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(found), "records")
				b.ReportMetric(float64(put.Microseconds())/n, "us/put")
			})
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
