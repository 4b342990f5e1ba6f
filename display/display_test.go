package display_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/display"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type point struct{ X, Y int }

type pathError struct{ path string }

func (e *pathError) Error() string { return "no " + e.path }

type loud struct{}

func (loud) String() string { return "LOUD" }

type htmlOnly struct{}

func (htmlOnly) MIMEBundle() display.Bundle { return display.Bundle{display.MIMEHTML: "<b>x</b>"} }

type failing struct{}

func (failing) Show(context.Context) (display.Bundle, error) {
	return nil, errors.New("engine 2 is gone")
}

type patient struct{}

func (patient) Show(ctx context.Context) (display.Bundle, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestOfShowsWhatFmtPrints(t *testing.T) {
	t.Parallel()
	var nilPoint *point
	var nilBundler *htmlPointer
	long := make([]int, 20_000)
	for i := range long {
		long[i] = i
	}
	for name, row := range map[string]struct {
		vs   []any
		want string
	}{
		"number":             {[]any{30}, "30"},
		"string unquoted":    {[]any{"a b"}, "a b"},
		"strings":            {[]any{[]string{"a", "b"}}, "[a b]"},
		"struct":             {[]any{point{1, 2}}, "{X:1 Y:2}"},
		"pointer to struct":  {[]any{&point{1, 2}}, "&{X:1 Y:2}"},
		"slice of structs":   {[]any{[]point{{1, 2}}}, "[{X:1 Y:2}]"},
		"structs among any":  {[]any{[]any{point{1, 2}, big.NewInt(5), "a", nil}}, "[{X:1 Y:2} 5 a <nil>]"},
		"errors":             {[]any{[]error{&pathError{"file"}, nil}}, "[no file <nil>]"},
		"map":                {[]any{map[string]int{"b": 2, "a": 1}}, "map[a:1 b:2]"},
		"error":              {[]any{&pathError{"file"}}, "no file"},
		"stringer":           {[]any{loud{}}, "LOUD"},
		"formatter, no sign": {[]any{big.NewInt(5)}, "5"},
		"formatters":         {[]any{[]*big.Int{big.NewInt(5)}}, "[5]"},
		"nil":                {[]any{nil}, "<nil>"},
		"nil pointer":        {[]any{nilPoint}, "<nil>"},
		"nil bundler":        {[]any{nilBundler}, "<nil>"},
		"bytes of text":      {[]any{[]byte("{\n \"a\": 1\n}")}, "{\n \"a\": 1\n}"},
		"named bytes":        {[]any{json.RawMessage("[é]")}, "[é]"},
		"other bytes":        {[]any{[]byte{1, 2, 65}}, "[1 2 65]"},
		"no bytes":           {[]any{[]byte{}}, "[]"},
		"bytes, not UTF-8":   {[]any{[]byte{0xff, 65}}, "[255 65]"},
		"function":           {[]any{strings.ToUpper}, "func(string) string"},
		"nil function":       {[]any{(func(int))(nil)}, "func(int)(nil)"},
		"duration":           {[]any{1500 * time.Millisecond}, "1.5s"},
		"several":            {[]any{1, "a", nil}, "1, a, <nil>"},
		"several lines":      {[]any{"a\nb", 2}, "a\nb\n2"},
		"no text of its own": {[]any{htmlOnly{}}, "<display_test.htmlOnly>"},
	} {
		b, err := display.Of(t.Context(), row.vs...)
		if err != nil || b.Text() != row.want {
			t.Errorf("%s: got %q, %v, want %q", name, b.Text(), err, row.want)
		}
	}
	for _, v := range []any{strings.Repeat("é", 1<<20), bytes.Repeat([]byte("é"), 1<<20)} {
		b, err := display.Of(t.Context(), v)
		if s := b.Text(); err != nil || !strings.HasPrefix(s, "éé") || !strings.HasSuffix(s, "éé") || !strings.Contains(s, "2097152 bytes in all") || len(s) > 30_000 {
			t.Errorf("long text: %d bytes, %v", len(s), err)
		}
	}
	b, err := display.Of(t.Context(), long)
	if err != nil || !strings.HasPrefix(b.Text(), "[0 1 2 ") || !strings.HasSuffix(b.Text(), " 19999] (20000 elements)") || len(b.Text()) > 1000 {
		t.Errorf("long slice: %.100q, %v", b.Text(), err)
	}
}

type htmlPointer struct{ markup string }

func (h *htmlPointer) MIMEBundle() display.Bundle { return display.HTML(h.markup) }

func TestOfNothingIsNil(t *testing.T) {
	t.Parallel()
	if b, err := display.Of(t.Context()); b != nil || err != nil {
		t.Errorf("got %v, %v", b, err)
	}
}

func TestShowersErrorIsTheError(t *testing.T) {
	t.Parallel()
	if _, err := display.Of(t.Context(), 1, failing{}); err == nil || err.Error() != "engine 2 is gone" {
		t.Errorf("got %v", err)
	}
}

func TestShowerStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := display.Of(ctx, patient{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestImageIsAPNGPicture(t *testing.T) {
	t.Parallel()
	b, err := display.Of(t.Context(), image.NewGray(image.Rect(0, 0, 3, 2)))
	if err != nil {
		t.Fatal(err)
	}
	data, _ := b[display.MIMEPNG].([]byte)
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil || img.Bounds().Dx() != 3 || b.Text() != "<*image.Gray 3x2>" {
		t.Errorf("got %v, %v", b, err)
	}
}

func TestSeveralRichValuesShareTheHTML(t *testing.T) {
	t.Parallel()
	b, err := display.Of(t.Context(), display.HTML("<i>a</i>"), "x < y", display.PNG([]byte("p")))
	if err != nil {
		t.Fatal(err)
	}
	want := "<i>a</i>\n<pre>x &lt; y</pre>\n<img src=\"data:image/png;base64,cA==\">"
	if b[display.MIMEHTML] != want || b.Text() != "a, x < y, <png, 1 bytes>" {
		t.Errorf("got %q", b)
	}
}

func TestEveryConstructorHasText(t *testing.T) {
	t.Parallel()
	for mime, b := range map[string]display.Bundle{
		display.MIMEHTML:     display.HTML("<p>a &amp; b</p> 1 < 2"),
		display.MIMEMarkdown: display.Markdown("*a*"),
		display.MIMELatex:    display.Latex("$x$"),
		display.MIMESVG:      display.SVG("<svg/>"),
		display.MIMEPNG:      display.PNG([]byte{1}),
		display.MIMEJPEG:     display.JPEG([]byte{1}),
		display.MIMEJSON:     display.JSON(map[string]int{"a": 1}),
		display.MIMEVegaLite: display.VegaLite(`{"mark": "bar"}`),
	} {
		if b[mime] == nil || b.Text() == "" {
			t.Errorf("%s: %v", mime, b)
		}
		if _, err := json.Marshal(b); err != nil {
			t.Errorf("%s: %v", mime, err)
		}
	}
	if got := display.HTML("<p>a &amp; b</p> 1 < 2").Text(); got != "a & b 1 < 2" {
		t.Errorf("text of html: %q", got)
	}
	if b := display.JSON(make(chan int)); b[display.MIMEJSON] != nil || b.Text() == "" {
		t.Errorf("a channel as JSON: %v", b)
	}
	if b := display.VegaLite("{"); b[display.MIMEVegaLite] != nil || b.Text() != "{" {
		t.Errorf("half a chart: %v", b)
	}
}

func TestTableTakesWhateverHasRows(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		rows any
		want string
	}{
		"structs":    {[]point{{1, 20}, {300, 4}}, "X    Y\n1    20\n300  4"},
		"pointers":   {[]*point{{1, 2}, nil}, "X  Y  value\n1  2\n      <nil>"},
		"maps":       {[]map[string]any{{"b": 1}, {"a": "x"}}, "a  b\n   1\nx"},
		"slices":     {[][]int{{1, 2}, {3}}, "0  1\n1  2\n3"},
		"values":     {[]int{1, 2}, "value\n1\n2"},
		"line break": {[]string{"a\nb"}, "value\na b"},
		"no slice":   {5, "5"},
	} {
		if got := display.Table(row.rows).Text(); got != row.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, row.want)
		}
	}
	b := display.Table(make([]int, 1500))
	if !strings.HasSuffix(b.Text(), "… 1500 rows in all") || strings.Count(b[display.MIMEHTML].(string), "<tr>") != 1001 {
		t.Error("a long table is not cut")
	}
	if h := display.Table([]string{"<script>"})[display.MIMEHTML].(string); strings.Contains(h, "<script>") {
		t.Error("a cell's text is not escaped")
	}
}

// book is a sink that remembers.
type book struct {
	mu       sync.Mutex
	messages []display.Message
	payloads []display.Payload
	arrived  chan struct{} // gets a value, if it has room, for each message
}

func (b *book) Display(m display.Message) {
	b.mu.Lock()
	b.messages = append(b.messages, m)
	b.mu.Unlock()
	select {
	case b.arrived <- struct{}{}:
	default:
	}
}

func (b *book) Payload(p display.Payload) { b.payloads = append(b.payloads, p) }

func (b *book) Input(_ context.Context, prompt string, password bool) (string, error) {
	if password {
		return "secret", nil
	}
	return "answer to " + prompt, nil
}

func (b *book) all() []display.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// attach sends the displays of one test to a new book; such tests cannot run in parallel.
func attach(t *testing.T) *book {
	b := &book{arrived: make(chan struct{}, 1000)}
	display.Attach(b)
	t.Cleanup(func() { display.Attach(nil) })
	return b
}

func TestOutputsReachTheSinkInOrder(t *testing.T) {
	b := attach(t)
	display.Show(1, failing{})
	h := display.New("a")
	h.Update("b")
	h.ShowAgain("c")
	display.Clear(true)
	got := b.all()
	want := []display.Message{
		{Type: display.DisplayData, Data: display.Text(1)},
		{Type: display.DisplayData, Data: display.Text("engine 2 is gone")},
		{Type: display.DisplayData, Data: display.Text("a"), DisplayID: h.ID()},
		{Type: display.UpdateDisplayData, Data: display.Text("b"), DisplayID: h.ID()},
		{Type: display.DisplayData, Data: display.Text("c"), DisplayID: h.ID()},
		{Type: display.ClearOutput, Wait: true},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d messages, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		if g.Type != w.Type || g.Data.Text() != w.Data.Text() || g.DisplayID != w.DisplayID || g.Wait != w.Wait {
			t.Errorf("message %d: got %v, want %v", i, g, w)
		}
	}
}

func TestPayloadsAndInput(t *testing.T) {
	b := attach(t)
	display.Page("text")
	display.SetNextInput("1+1")
	if len(b.payloads) != 2 || b.payloads[0].Source != "page" || b.payloads[0].Data.Text() != "text" || b.payloads[1].Text != "1+1" {
		t.Errorf("payloads: %v", b.payloads)
	}
	if s, err := display.Input("name?"); s != "answer to name?" || err != nil {
		t.Errorf("input: %q, %v", s, err)
	}
	if s, err := display.Password("word?"); s != "secret" || err != nil {
		t.Errorf("password: %q, %v", s, err)
	}
}

func TestPasswordNeedsAFrontEnd(t *testing.T) {
	if _, err := display.Password("word?"); !errors.Is(err, display.ErrNoFrontEnd) {
		t.Errorf("got %v", err)
	}
}

func TestProgressIsOneOutputThatEndsComplete(t *testing.T) {
	b := attach(t)
	bar := display.Progress(10_000, "work")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2500 {
				bar.Add(1)
			}
		})
	}
	wg.Wait()
	bar.Done()
	bar.Done()
	bar.Add(1)
	got := b.all()
	if len(got) > 1000 {
		t.Errorf("%d messages for one bar", len(got))
	}
	for i, m := range got {
		if m.DisplayID != got[0].DisplayID || (m.Type == display.DisplayData) != (i == 0) {
			t.Fatalf("message %d: %v", i, m)
		}
	}
	if last := got[len(got)-1].Data; !strings.Contains(last.Text(), "10000/10000") || last[display.MIMEHTML] == nil {
		t.Errorf("last: %v", last)
	}
}

func TestProgressShowsTheLastChangeOfABurst(t *testing.T) {
	b := attach(t)
	bar := display.Progress(10, "")
	bar.Set(3) // within the interval: due later
	bar.Note("2 engines busy")
	deadline := time.After(10 * time.Second)
	for {
		got := b.all()
		if last := got[len(got)-1].Data.Text(); strings.Contains(last, "3/10") && strings.Contains(last, "2 engines busy") {
			break
		}
		select {
		case <-b.arrived:
		case <-deadline:
			t.Fatalf("never drawn: %v", got)
		}
	}
	bar.Done()
}
