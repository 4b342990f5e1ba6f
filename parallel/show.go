package parallel

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/gopar-project/gopar/display"
)

const (
	// barAfter is how long a result may take before a progress bar is shown.
	barAfter = 500 * time.Millisecond
	// barEvery is how often the bar looks at the progress.
	barEvery = 100 * time.Millisecond
	// outputTime bounds the wait for the output of tasks that are finished: it comes on another way than their results.
	outputTime = time.Second
	// cancelTime bounds the wait for tasks that were cancelled.
	cancelTime = 3 * time.Second
)

// Show blocks until the result is there, with a progress bar if that takes long, and returns how it looks. It is what a
// cell that ends in the result does. When ctx ends, the tasks are cancelled. The error is that of Get.
func (r *AsyncResult) Show(ctx context.Context) (display.Bundle, error) {
	if r.noBlock && !r.Ready() {
		return display.Text(r.String()), nil
	}
	if err := r.watch(ctx); err != nil {
		cancelErr := r.Cancel()
		timer := time.NewTimer(cancelTime)
		defer timer.Stop()
		select {
		case <-r.done:
		case <-timer.C:
		}
		if cancelErr != nil {
			return nil, fmt.Errorf("%w (the tasks were not cancelled: %w)", err, cancelErr)
		}
		return nil, err
	}
	r.awaitOutputs(ctx)
	if r.kind == executed {
		return r.showExecuted()
	}
	if err := r.Err(); err != nil {
		return nil, shown(err)
	}
	if !r.hasValues() && r.gather == nil {
		_, n := r.Progress()
		if n == 1 {
			return display.Text("done"), nil
		}
		return display.Text(fmt.Sprintf("done: %d", n)), nil
	}
	return bundleOf(ctx, r.natural(), r.many)
}

// watch waits for the result and shows a bar meanwhile.
func (r *AsyncResult) watch(ctx context.Context) error {
	first := time.NewTimer(cmp.Or(r.barAfter, barAfter))
	defer first.Stop()
	due := first.C
	if r.barAfter < 0 {
		due = nil
	}
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-due:
	}
	done, total := r.Progress()
	bar := display.Progress(total, r.name())
	defer bar.Done()
	bar.Set(done)
	ticks := time.NewTicker(barEvery)
	defer ticks.Stop()
	for {
		select {
		case <-r.done:
			bar.Set(total)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
			done, _ := r.Progress()
			bar.Set(done)
		}
	}
}

// name is what the bar is about.
func (r *AsyncResult) name() string {
	switch {
	case r.title != "":
		return r.title
	case r.kind == executed:
		return "%px"
	case r.f != nil:
		return r.f.Name()
	}
	return ""
}

// awaitOutputs waits until all that the tasks printed was relayed.
func (r *AsyncResult) awaitOutputs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, outputTime)
	defer cancel()
	r.mu.Lock()
	parts := r.parts
	r.mu.Unlock()
	for _, p := range parts {
		if p.outputs == nil || p.id == "" || p.outputs.lost(p.err) {
			continue
		}
		select {
		case <-p.outputs.idle:
		case <-ctx.Done():
			return
		}
	}
}

// bundleOf is how values look: as package display says, and lists of maps and structs one per line, as a table in HTML.
func bundleOf(ctx context.Context, v any, many bool) (display.Bundle, error) {
	if many && isRows(v) {
		b := display.Table(v)
		s := reflect.ValueOf(v)
		lines := make([]string, s.Len())
		for i := range lines {
			lines[i] = display.Text(s.Index(i).Interface()).Text()
		}
		b[display.MIMEText] = "[" + strings.Join(lines, "\n ") + "]"
		return b, nil
	}
	return display.Of(ctx, v)
}

// isRows reports whether v is a slice of several maps or structs that do not print themselves.
func isRows(v any) bool {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Slice || reflect.ValueOf(v).Len() < 2 || reflect.ValueOf(v).Len() > 1000 {
		return false
	}
	e := t.Elem()
	for e.Kind() == reflect.Pointer {
		e = e.Elem()
	}
	return (e.Kind() == reflect.Map || e.Kind() == reflect.Struct) && !t.Elem().Implements(reflect.TypeFor[fmt.Stringer]()) &&
		!t.Elem().Implements(reflect.TypeFor[error]())
}

// showExecuted shows the outputs of code per engine: rich ones as outputs of their own, the values' texts as the result.
func (r *AsyncResult) showExecuted() (display.Bundle, error) {
	r.mu.Lock()
	parts := r.parts
	r.mu.Unlock()
	var lines []string
	for _, stream := range []string{"stdout", "stderr"} {
		if r.group != "type" {
			break
		}
		for _, p := range parts {
			lines = append(lines, p.kept(stream)...)
		}
	}
	for _, p := range parts {
		if p.outputs == nil {
			continue
		}
		if r.group == "engine" || r.group == "order" {
			lines = append(append(lines, p.kept("stdout")...), p.kept("stderr")...)
		}
		result := p.outputs.result()
		if len(result) == 0 {
			continue
		}
		if len(result) > 1 { // more than text
			display.Show(display.Text(strings.TrimSuffix(p.label(), ": ")+":"), result)
			continue
		}
		lines = append(lines, indented(p.label(), result.Text()))
	}
	if err := r.Err(); err != nil {
		if len(lines) > 0 {
			display.Show(display.Text(strings.Join(lines, "\n")))
		}
		return nil, shown(err)
	}
	if len(lines) == 0 {
		return nil, nil // what it printed was shown as it came
	}
	return display.Text(strings.Join(lines, "\n")), nil
}

// indented puts label before text, and as much space before its other lines.
func indented(label, text string) string {
	return label + strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(label)))
}

// kept are the lines that the part's code printed to a stream, if they were kept, labelled.
func (p *part) kept(stream string) []string {
	if p.outputs == nil {
		return nil
	}
	text := strings.TrimSuffix(p.outputs.printed(stream), "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = fmt.Sprintf("[%s:%d] %s", stream, p.ran, l)
	}
	return lines
}
