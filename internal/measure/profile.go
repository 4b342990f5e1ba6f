package measure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/pprof/profile"

	"github.com/gopar-project/gopar/display"
	"github.com/gopar-project/gopar/internal/unit"
)

// topRows is how many functions the text of a profile lists.
const topRows = 20

// recording is the profile that is being taken.
var recording struct {
	mu    sync.Mutex
	buf   *bytes.Buffer // nil: none
	start time.Time
}

// StartProfile begins to record what the process spends its time on. The error
// is that something else takes a profile already.
func StartProfile() error {
	recording.mu.Lock()
	defer recording.mu.Unlock()
	if recording.buf != nil { // of a cell that never came to its end
		pprof.StopCPUProfile()
		recording.buf = nil
	}
	buf := new(bytes.Buffer)
	if err := pprof.StartCPUProfile(buf); err != nil {
		return err
	}
	recording.buf, recording.start = buf, time.Now()
	return nil
}

// Recorded is a profile that was taken. It shows the functions that took most, as
// text, and a flame graph.
type Recorded struct {
	raw  []byte
	took time.Duration
}

// StopProfile ends what StartProfile began.
func StopProfile() Recorded {
	recording.mu.Lock()
	defer recording.mu.Unlock()
	if recording.buf == nil {
		return Recorded{}
	}
	pprof.StopCPUProfile()
	r := Recorded{recording.buf.Bytes(), time.Since(recording.start)}
	recording.buf = nil
	return r
}

// Show implements display.Shower.
func (r Recorded) Show(context.Context) (display.Bundle, error) {
	if r.raw == nil {
		return nil, errors.New("no profile was taken")
	}
	p, err := profile.ParseData(r.raw)
	if err != nil {
		return nil, fmt.Errorf("read the profile: %w", err)
	}
	root := newTree(p)
	top := root.top(r.took)
	graph := root.flameGraph()
	return display.Bundle{
		display.MIMEText: top,
		display.MIMESVG:  graph,
		display.MIMEHTML: graph + "<pre>" + html.EscapeString(top) + "</pre>",
	}, nil
}

// frame is a node of the tree of calls.
type frame struct {
	name     string
	user     bool // it is the session's
	total    int64
	self     int64
	children map[string]*frame
}

// newTree adds up the stacks of a profile. Stacks of cells begin at the cell:
// what called it is none of the user's business.
func newTree(p *profile.Profile) *frame {
	root := &frame{name: "all", children: map[string]*frame{}}
	value := len(p.SampleType) - 1 // cpu time; the one before it counts samples
	for _, s := range p.Sample {
		var stack []*frame // outermost first
		for _, l := range slices.Backward(s.Location) {
			for _, line := range slices.Backward(l.Line) {
				if line.Function != nil {
					name, user := frameName(line.Function.Name)
					stack = append(stack, &frame{name: name, user: user})
				}
			}
		}
		if first := slices.IndexFunc(stack, func(f *frame) bool { return f.user }); first >= 0 {
			stack = stack[first:]
		} else {
			stack = slices.Insert(stack, 0, &frame{name: "(runtime and gopar)"})
		}
		root.add(stack, s.Value[value])
	}
	return root
}

// frameName translates the names of units' functions.
func frameName(function string) (name string, user bool) {
	rest, user := strings.CutPrefix(function, unit.PathPrefix)
	if !user {
		return strings.ReplaceAll(function, "[...]", ""), false
	}
	_, name, _ = strings.Cut(rest, ".")
	if name = unit.PlainName(name); name == "" {
		name = "(the cell)"
	}
	return name, true
}

func (f *frame) add(stack []*frame, v int64) {
	f.total += v
	if len(stack) == 0 {
		f.self += v
		return
	}
	c := f.children[stack[0].name]
	if c == nil {
		c = &frame{name: stack[0].name, user: stack[0].user, children: map[string]*frame{}}
		f.children[c.name] = c
	}
	c.add(stack[1:], v)
}

// top is the table that pprof calls top: by the time spent in the function itself.
func (f *frame) top(took time.Duration) string {
	type row struct {
		name      string
		flat, cum int64
	}
	rows := map[string]*row{}
	var walk func(n *frame, above map[string]bool)
	walk = func(n *frame, above map[string]bool) {
		r := rows[n.name]
		if r == nil {
			r = &row{name: n.name}
			rows[n.name] = r
		}
		r.flat += n.self
		if !above[n.name] { // a recursion counts once
			r.cum += n.total
			above[n.name] = true
			defer delete(above, n.name)
		}
		for _, c := range n.children {
			walk(c, above)
		}
	}
	for _, c := range f.children {
		walk(c, map[string]bool{})
	}
	var all []*row
	for _, r := range rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *row) int {
		if a.flat != b.flat {
			return int(max(min(b.flat-a.flat, 1), -1))
		}
		if a.cum != b.cum {
			return int(max(min(b.cum-a.cum, 1), -1))
		}
		return strings.Compare(a.name, b.name)
	})
	var b strings.Builder
	fmt.Fprintf(&b, "%s of CPU time in %s", round(time.Duration(f.total)), round(took))
	if f.total == 0 {
		b.WriteString(": too short for a profile, which looks 100 times a second")
		return b.String()
	}
	b.WriteString("\n    flat  flat%     cum   cum%\n")
	percent := func(v int64) float64 { return 100 * float64(v) / float64(f.total) }
	for _, r := range all[:min(len(all), topRows)] {
		fmt.Fprintf(&b, "%8s %5.1f%% %7s %5.1f%%  %s\n", round(time.Duration(r.flat)), percent(r.flat), round(time.Duration(r.cum)), percent(r.cum), r.name)
	}
	return strings.TrimRight(b.String(), "\n")
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
