// Package parallel drives a cluster of Go engines.
package parallel

import (
	"context"
	"errors"
	"time"

	"github.com/gopar-project/gopar/display"
)

// ErrNoCluster says that no cluster is running.
var ErrNoCluster = errors.New("no cluster is running; start one: gopar cluster start -n 4")

// Client is a list of engines.
type Client []*Engine

// Engine is one engine of a cluster.
type Engine struct{}

// Option configures Connect.
type Option func(*options)

type options struct{}

// AsyncResult is the result to come of tasks.
type AsyncResult struct{}

// LoadBalancedView runs tasks where there is room.
type LoadBalancedView struct{}

// Connect connects to a running cluster.
func Connect(opts ...Option) (Client, error) { return nil, ErrNoCluster }

// MustConnect is Connect that panics.
func MustConnect(opts ...Option) Client { panic(ErrNoCluster) }

// IDs returns the ids.
func (c Client) IDs() []int { return nil }

// Apply calls f on every engine.
func (c Client) Apply(f any, args ...any) *AsyncResult { return nil }

// Apply calls f on the engine.
func (e *Engine) Apply(f any, args ...any) *AsyncResult { return nil }

// LoadBalancedView returns a view.
func (c Client) LoadBalancedView() *LoadBalancedView { return nil }

// Apply calls f on some engine.
func (v *LoadBalancedView) Apply(f any, args ...any) *AsyncResult { return nil }

// Map applies f to the elements of slices.
func (v *LoadBalancedView) Map(f any, slices ...any) *AsyncResult { return nil }

// Wait waits.
func (r *AsyncResult) Wait(timeout time.Duration) error { return nil }

// Show implements display.Shower.
func (r *AsyncResult) Show(ctx context.Context) (display.Bundle, error) { return nil, nil }

// Init serves tasks in a copy of a compiled program.
func Init() {}
