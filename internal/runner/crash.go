package runner

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxDump is how much of a fatal error's dump is kept: with 10,000 goroutines it has megabytes.
const maxDump = 256 << 10

// dump is what the Go runtime says when it dies. The child has it written to a pipe of its own beside stderr, so that it need
// not be guessed from what user code prints.
type dump struct {
	end  chan struct{} // closed at the pipe's end
	mu   sync.Mutex
	text []byte // guarded by mu
}

// read collects the dump until the pipe's end and calls dying when it begins.
func (d *dump) read(from io.Reader, dying func()) {
	defer close(d.end)
	buf := make([]byte, 32<<10)
	for begun := false; ; {
		n, err := from.Read(buf)
		if n > 0 && !begun {
			begun = true
			dying()
		}
		d.mu.Lock()
		d.text = append(d.text, buf[:min(n, maxDump-len(d.text))]...)
		d.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (d *dump) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return string(d.text)
}

// obituary delivers the rest of the output without the dump and says what the child died of.
func (r *Runner) obituary(waitErr error) *Exception {
	r.out.drain()
	_ = r.crash.SetReadDeadline(time.Now().Add(time.Second)) // the end is there, unless a process it started holds the pipe
	<-r.dump.end
	text := r.dump.String()
	r.out.held(func(held []byte) []byte { return withoutDump(held, text) })
	r.flush(true, "")
	if text != "" {
		text = r.out.beforeDump(text) + text
	}
	if ex := parseDump(text); ex != nil {
		return ex
	}
	if r.watch.overrun.Load() {
		return &Exception{Name: nameOutOfMemory, Value: MemoryText(r.watch.limit), Fatal: true}
	}
	name, value := exitText(waitErr)
	return &Exception{Name: name, Value: value, Fatal: true}
}

// withoutDump cuts from what was written to stderr the copy of the dump at its end, with the lines that announce it.
func withoutDump(stderr []byte, dump string) []byte {
	i := dumpStart(stderr, dump)
	if i < 0 {
		return stderr
	}
	return stderr[:headerStart(stderr[:i])]
}

// beforeDump returns the lines that announce the dump. The runtime writes those of a fatal error to stderr only.
func (o *outputs) beforeDump(dump string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	tail := o.tail
	if i := dumpStart(tail, dump); i >= 0 {
		tail = tail[:i]
	}
	return string(tail[headerStart(tail):])
}

// dumpStart finds the dump, by its first line that is not empty, in what was written to stderr.
func dumpStart(stderr []byte, dump string) int {
	line, _, _ := strings.Cut(strings.TrimLeft(dump, "\n"), "\n")
	if line == "" {
		return -1
	}
	return bytes.LastIndex(stderr, []byte(line+"\n"))
}

// headerStart returns where the lines at the end of text begin with which the runtime announces its end.
func headerStart(text []byte) int {
	start := len(text)
	for pos := len(text); pos > 0; {
		i := bytes.LastIndexByte(text[:pos-1], '\n') + 1
		line := text[i:pos]
		announces := false
		for _, p := range []string{"runtime: ", "fatal error: ", "panic: ", "[signal ", "SIG"} {
			announces = announces || bytes.HasPrefix(line, []byte(p))
		}
		if !announces && len(bytes.TrimSpace(line)) > 0 {
			break
		}
		if announces {
			start = i
		}
		pos = i
	}
	return start
}

var (
	dumpFunc = regexp.MustCompile(`^(\S.*)\(.*\)$`)
	dumpFile = regexp.MustCompile(`^\t(.*):(\d+)( \+0x[0-9a-f]+)?$`)
)

// parseDump reads the runtime's last words; nil when there are none.
func parseDump(text string) *Exception {
	ex := &Exception{Fatal: true, Goroutines: text}
	head, stacks, _ := strings.Cut(text, "\ngoroutine ")
	for line := range strings.Lines(head) {
		line = strings.TrimSuffix(line, "\n")
		if v, ok := strings.CutPrefix(line, "fatal error: "); ok {
			ex.Name, ex.Value = "fatal error", v
			break
		}
		if v, ok := strings.CutPrefix(line, "panic: "); ok {
			ex.Name, ex.Value = "panic", strings.TrimSuffix(v, " [recovered]")
			break
		}
		if v, ok := strings.CutPrefix(line, "SIG"); ok {
			ex.Name, ex.Value = "fatal signal", "SIG"+v
		}
	}
	if text == "" {
		return nil
	}
	if ex.Name == "" {
		ex.Name, ex.Value = "fatal error", "see the dump of the goroutines"
	}
	stack, _, _ := strings.Cut(stacks, "\n\n")
	ex.Frames = dumpFrames(stack)
	return ex
}

// dumpFrames returns the user's frames of one goroutine's stack in a dump.
func dumpFrames(stack string) []Frame {
	var frames []Frame
	var fn string
	for line := range strings.Lines(stack) {
		line = strings.TrimSuffix(line, "\n")
		if m := dumpFile.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[2]) // digits
			if f, ok := userFrame(fn, m[1], n); ok && len(frames) < maxFrames {
				frames = append(frames, f)
			}
		} else if m := dumpFunc.FindStringSubmatch(line); m != nil {
			fn = m[1]
		}
	}
	return frames
}
