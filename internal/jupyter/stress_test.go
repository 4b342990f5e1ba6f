package jupyter_test

import (
	"context"
	"testing"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/jupyter/jupytertest"
)

// TestServeEndsAtAnyMoment ends Serve and Close in every order while requests
// come, run and wait. goleak sees what stays behind.
func TestServeEndsAtAnyMoment(t *testing.T) {
	t.Parallel()
	for n := range 30 {
		conn, err := jupyter.Listen(t.Context(), tcp(), logr.Discard())
		if err != nil {
			t.Fatal(err)
		}
		started := make(chan struct{}, 100)
		mux := jupyter.NewMux(map[string]jupyter.Handler{
			"run_request": jupyter.On("run_reply", func(ctx context.Context, _ *jupyter.Request, _ textContent) (textContent, error) {
				started <- struct{}{}
				if n%2 == 0 {
					<-ctx.Done()
				}
				return textContent{}, ctx.Err()
			}),
			"side_request": jupyter.On("side_reply", func(context.Context, *jupyter.Request, textContent) (textContent, error) {
				return textContent{}, nil
			}).Aside(),
		})
		f := jupytertest.Connect(t, conn.Info())
		for range n {
			f.Send(jupyter.Shell, "run_request", nil)
			f.Send(jupyter.Control, "side_request", nil)
			f.Send(jupyter.Shell, "side_request", nil)
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- mux.Serve(ctx, conn) }()
		if n%3 == 0 && n > 0 {
			<-started
		}
		if n%5 == 0 {
			if _, err := mux.AddSubshell(); err != nil && n > 0 && n%3 == 0 {
				t.Error(err)
			}
		}
		closing := func() {
			if err := conn.Close(t.Context()); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		if n%4 == 0 {
			closing() // Serve notices
		} else {
			stop()
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		stop()
		closing()
		closing()
		if _, err := mux.AddSubshell(); err == nil {
			t.Error("a subshell was added to a Mux that does not serve")
		}
	}
}
