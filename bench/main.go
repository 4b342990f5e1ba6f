// Bench measures gopar beside ipykernel and ipyparallel: the same work, in the same run, in turns. It prints a table and writes
// results.json. `make bench` prepares the Python side and runs it.
//
// A figure is the median of its repetitions. The machine's load is measured before each work: on a busy machine even ratios
// shift, so repeat when the contention is above 1.1.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"text/tabwriter"
)

// A work is one thing to measure on both sides. Its functions return one figure in the work's unit.
type work struct {
	name, unit  string
	higher      bool // a higher figure is better: a rate
	repetitions int
	gopar       func(ctx context.Context) (float64, error)
	peer        string // "" where there is none to compare with
	measurePeer func(ctx context.Context) (float64, error)
}

// A result is one row of results.json.
type result struct {
	Work        string  `json:"work"`
	Unit        string  `json:"unit"`
	Gopar       float64 `json:"gopar"`
	Peer        string  `json:"peer,omitempty"`
	PeerFigure  float64 `json:"peer_figure,omitempty"`
	Ratio       float64 `json:"ratio,omitempty"` // how many times better gopar is
	Repetitions int     `json:"repetitions"`
	Load        load    `json:"load"`
}

func main() {
	out := flag.String("o", "", "file for the results as JSON")
	only := flag.String("only", "", "measure only the works of one group: kernels, clusters, starts, hub")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out, only string) error {
	l, err := newLab(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	var results []result
	for _, group := range []struct {
		name  string
		works func(context.Context, *lab) ([]work, func(), error)
	}{{"kernels", kernelWorks}, {"native", nativeWorks}, {"clusters", clusterWorks}, {"starts", startWorks}, {"hub", hubWorks}} {
		if only != "" && only != group.name {
			continue
		}
		works, done, err := group.works(ctx, l)
		if err != nil {
			return err
		}
		for _, w := range works {
			r, err := w.measure(ctx)
			if err != nil {
				done()
				return fmt.Errorf("%s: %w", w.name, err)
			}
			results = append(results, r)
		}
		done()
	}
	printTable(results)
	if out == "" {
		return nil
	}
	raw, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(raw, '\n'), 0o644)
}

// measure takes turns, so that what the machine does meanwhile hits both sides.
func (w work) measure(ctx context.Context) (result, error) {
	r := result{Work: w.name, Unit: w.unit, Peer: w.peer, Repetitions: w.repetitions, Load: measureLoad()}
	var ours, theirs []float64
	for range w.repetitions {
		a, err := w.gopar(ctx)
		if err != nil {
			return r, fmt.Errorf("gopar: %w", err)
		}
		ours = append(ours, a)
		if w.measurePeer == nil {
			continue
		}
		b, err := w.measurePeer(ctx)
		if err != nil {
			return r, fmt.Errorf("%s: %w", w.peer, err)
		}
		theirs = append(theirs, b)
	}
	r.Gopar = median(ours)
	if theirs == nil {
		fmt.Fprintf(os.Stderr, "%s: %.4g %s\n", w.name, r.Gopar, w.unit)
		return r, nil
	}
	r.PeerFigure = median(theirs)
	r.Ratio = r.PeerFigure / r.Gopar
	if w.higher {
		r.Ratio = 1 / r.Ratio
	}
	fmt.Fprintf(os.Stderr, "%s: %.4g against %.4g %s\n", w.name, r.Gopar, r.PeerFigure, w.unit)
	return r, nil
}

func median(xs []float64) float64 {
	slices.Sort(xs)
	n := len(xs)
	return (xs[(n-1)/2] + xs[n/2]) / 2
}

func printTable(results []result) {
	t := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "work\tgopar\tpeer\t\tunit\tbetter by\trepetitions\tcontention\tload")
	for _, r := range results {
		peer, ratio := "", ""
		if r.Peer != "" {
			peer, ratio = fmt.Sprintf("%.4g", r.PeerFigure), fmt.Sprintf("%.1fx", r.Ratio)
		}
		fmt.Fprintf(t, "%s\t%.4g\t%s\t%s\t%s\t%s\t%d\t%.2f\t%.2f\n",
			r.Work, r.Gopar, peer, r.Peer, r.Unit, ratio, r.Repetitions, r.Load.Contention, r.Load.Average)
	}
	_ = t.Flush() // best effort: standard output
}
