package display

import (
	"fmt"
	"html"
	"strings"
	"sync"
	"time"
)

// barInterval is how often a bar is redrawn at most: often enough to look alive, rarely enough that a fast loop does not
// flood the front end.
const barInterval = 100 * time.Millisecond

// A Bar is a progress bar: one output, redrawn in place. Its methods may be called from several goroutines.
type Bar struct {
	label string
	total int

	mu    sync.Mutex // guards the rest
	done  int
	note  string
	start time.Time
	drawn time.Time   // when it was last drawn; zero: never
	id    *Handle     // nil until drawn
	timer *time.Timer // a drawing that is due; nil if none
	ended bool
}

// Progress shows a bar from 0 to total and returns it. Without a notebook front end only its end is printed.
func Progress(total int, label string) *Bar {
	b := &Bar{label: label, total: total, start: time.Now()}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed()
	return b
}

// Add moves the bar by n.
func (b *Bar) Add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += n
	b.changed()
}

// Set moves the bar to n.
func (b *Bar) Set(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = n
	b.changed()
}

// Note shows a few words behind the bar, such as "2 engines busy".
func (b *Bar) Note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note = text
	b.changed()
}

// Done draws the bar as it stands and ends it: later changes are not shown. It may be called more than once.
func (b *Bar) Done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.ended = true
	b.draw()
}

// changed draws the bar, now or when the interval since the last drawing is over. The caller holds mu.
func (b *Bar) changed() {
	if b.ended || !attached() {
		return
	}
	wait := barInterval - time.Since(b.drawn)
	if b.drawn.IsZero() || wait <= 0 || b.done >= b.total {
		b.draw()
		return
	}
	if b.timer == nil {
		b.timer = time.AfterFunc(wait, b.due)
	}
}

// due draws what changed since the last drawing.
func (b *Bar) due() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil && !b.ended {
		b.draw()
	}
}

// draw sends the bar; the order of drawings is that of the lock, which the caller holds.
func (b *Bar) draw() {
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	b.drawn = time.Now()
	if b.id == nil {
		b.id = New(b.bundle())
		return
	}
	b.id.Update(b.bundle())
}

func (b *Bar) bundle() Bundle {
	const cells = 30
	share := 1.0
	if b.total > 0 {
		share = min(max(float64(b.done)/float64(b.total), 0), 1)
	}
	full := int(share * cells)
	figures := fmt.Sprintf("%d/%d", b.done, b.total)
	tail := fmt.Sprintf("%.1fs", time.Since(b.start).Seconds())
	if b.note != "" {
		tail += " · " + b.note
	}
	label := b.label
	if label != "" {
		label += " "
	}
	return Bundle{
		MIMEText: fmt.Sprintf("%s[%s%s] %s %s", label, strings.Repeat("█", full), strings.Repeat("░", cells-full), figures, tail),
		MIMEHTML: fmt.Sprintf(`<div>%s<progress value="%.4f" max="1"></progress> %s <small>%s</small></div>`,
			html.EscapeString(label), share, figures, html.EscapeString(tail)),
	}
}
