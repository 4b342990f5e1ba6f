package notebook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/kernelspec"
)

// Options says how a notebook is run.
type Options struct {
	// Kernel is the kernel to start.
	Kernel kernelspec.Installed
	// Dir is the kernel's working folder. Default: the current one.
	Dir string
	// Timeout limits each cell. Default: none, because cells may compute for days.
	Timeout time.Duration
	// AllowErrors goes on after a cell's error.
	AllowErrors bool
	// Out receives the cells with their outputs as they come. Default: nowhere.
	Out io.Writer
	// Color keeps the colours of tracebacks in Out.
	Color bool
	// Log receives protocol errors. The zero value discards.
	Log logr.Logger
}

// A CellError is the error that a cell ended with.
type CellError struct {
	Number        int // the cell's place among the code cells that ran, from 1
	Ename, Evalue string
}

// Error implements error.
func (e *CellError) Error() string {
	return fmt.Sprintf("cell %d: %s: %s", e.Number, e.Ename, e.Evalue)
}

// Run runs the code cells of n in order in a new kernel and stores their outputs and counts in n, replacing old ones. Cells
// without code are passed over. It returns when all have run or the first one has failed: a [*CellError] for an error of
// its code, otherwise what went wrong with the kernel. In any case n holds the outputs so far.
//
// A cell that exceeds its time, and the one that runs when ctx ends, is interrupted, and is the last one.
func Run(ctx context.Context, n *Notebook, o Options) error {
	if o.Out == nil {
		o.Out = io.Discard
	}
	for _, c := range n.Cells {
		if c.Type == Code {
			c.Outputs, c.ExecutionCount = nil, nil
		}
	}
	k, err := StartKernel(ctx, o.Kernel, o.Dir, o.Log)
	if err != nil {
		return err
	}
	defer k.Close()
	if err := n.setKernel(k); err != nil {
		return err
	}
	r := &run{kernel: k, options: o, book: newRecorder(), print: printer{out: o.Out, color: o.Color}}
	for _, c := range n.Cells {
		err := r.cell(ctx, c)
		if e := (*CellError)(nil); errors.As(err, &e) && o.AllowErrors {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setKernel notes in the metadata which kernel ran the notebook, as front ends do.
func (n *Notebook) setKernel(k *Kernel) error {
	spec, err := compact(map[string]string{
		"name": k.spec.Name, "display_name": k.spec.Spec.DisplayName, "language": k.spec.Spec.Language,
	})
	if err != nil {
		return err
	}
	n.Metadata = some(n.Metadata)
	n.Metadata["kernelspec"] = spec
	if len(k.LanguageInfo) > 0 {
		n.Metadata["language_info"] = k.LanguageInfo
	}
	return nil
}

// run is one notebook being run.
type run struct {
	kernel  *Kernel
	options Options
	book    *recorder
	print   printer
	count   int // code cells so far
}

func (r *run) cell(ctx context.Context, c *Cell) error {
	if c.Type == Markdown {
		r.print.markdown(c.Source)
	}
	if c.Type != Code || strings.TrimSpace(c.Source) == "" {
		return nil
	}
	r.count++
	r.print.input(r.count, c.Source)
	defer r.print.end()
	if r.options.Timeout > 0 {
		var cancel context.CancelFunc
		late := fmt.Errorf("it took longer than %v", r.options.Timeout)
		ctx, cancel = context.WithTimeoutCause(ctx, r.options.Timeout, late)
		defer cancel()
	}
	reply, err := r.execute(ctx, c)
	switch {
	case err != nil:
		return fmt.Errorf("cell %d: %w", r.count, err)
	case reply.Status != jupyter.StatusOK:
		return &CellError{r.count, reply.EName, reply.EValue}
	}
	return nil
}

// execute runs one cell and records what it shows.
func (r *run) execute(ctx context.Context, c *Cell) (*jupyter.ExecuteReply, error) {
	request, err := r.kernel.Submit(c.Source, c.ID)
	if err != nil {
		return nil, err
	}
	r.book.add(request, c)
	reply, err := r.kernel.Wait(ctx, request, r.output)
	if reply != nil {
		c.ExecutionCount = &reply.ExecutionCount
	}
	return reply, err
}

func (r *run) output(request string, m *jupyter.Message) error {
	o, more, err := r.book.message(request, m)
	if err != nil || o == nil {
		return err
	}
	r.print.output(o, more)
	return nil
}
