package kernel_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
	"github.com/gopar-project/gopar/kernel"
)

// BenchmarkCell is a cell of 1 + 2 from request to idle, with the history stored:
// what the protocol costs with an evaluator that costs nothing, and what a cell
// costs in Go.
func BenchmarkCell(b *testing.B) {
	for name, evaluator := range map[string]func() kernel.Evaluator{
		"protocol": func() kernel.Evaluator { return &scripted{} },
		"go":       func() kernel.Evaluator { return kernel.NewGoEvaluator(b) },
	} {
		b.Run(name, func(b *testing.B) {
			e := evaluator()
			defer e.Close(context.Background()) //nolint:errcheck // the benchmark is over
			conn, err := jupyter.Listen(b.Context(), jupyter.ConnectionInfo{IP: "127.0.0.1", Key: "k"}, logr.Discard())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close(context.Background()) //nolint:errcheck // as above
			k := kernel.New(kernel.Config{Evaluator: e, History: kernel.OpenHistory(filepath.Join(b.TempDir(), "h"))})
			ctx, stop := context.WithCancel(b.Context())
			served := make(chan error, 1)
			go func() { served <- k.Serve(ctx, conn) }()
			defer func() { stop(); <-served }()
			f := jupytertest.Connect(b, conn.Info())
			f.Execute("1 + 2")
			b.ReportAllocs()
			for b.Loop() {
				f.Forget()
				if e := f.Execute("1 + 2"); e.Result() != "3" {
					b.Fatalf("%s", e.Raw.Content)
				}
			}
		})
	}
}
