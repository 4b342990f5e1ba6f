// Package display says how Go values look in a notebook: it turns a value into a MIME bundle that front ends render
// (text, HTML, images, JSON, charts), and shows, updates and clears outputs while a cell runs.
//
// The last expression of a cell is shown by [Of]; a cell shows more with [Show], [New] and [Progress]. A type decides how
// it looks by implementing [Bundler] (a view that is at hand) or [Shower] (one that must be waited for).
//
// It is not a plotting library, and it knows neither Jupyter's wire format nor the kernel: what is shown goes to the
// [Sink] that [Attach] was given. Without one, in an ordinary Go program, text/plain is written to standard output.
//
// Every bundle made here has a text/plain entry, because consoles show nothing else. All functions may be called from
// several goroutines at once.
package display

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"strings"
)

// The MIME types that this package writes.
const (
	MIMEText     = "text/plain"
	MIMEHTML     = "text/html"
	MIMEMarkdown = "text/markdown"
	MIMELatex    = "text/latex"
	MIMESVG      = "image/svg+xml"
	MIMEPNG      = "image/png"
	MIMEJPEG     = "image/jpeg"
	MIMEJSON     = "application/json"
	MIMEVegaLite = "application/vnd.vegalite.v5+json"
)

// A Bundle is one output in several representations, MIME type → value, of which a front end shows the richest that it
// can. A value is a string, a []byte (base64 on the wire) or, for JSON types, anything that encoding/json encodes.
type Bundle map[string]any

// Text returns the bundle's text/plain entry, "" when it has none.
func (b Bundle) Text() string {
	s, _ := b[MIMEText].(string)
	return s
}

// A Bundler knows its own representations. MIMEBundle must not block.
type Bundler interface{ MIMEBundle() Bundle }

// A Shower produces its representations when it is shown. Show may block until there is something to show, and may show
// its progress meanwhile; it returns early when ctx ends. Its error becomes the cell's error.
// A nil bundle without an error means that there is nothing more to show.
type Shower interface {
	Show(ctx context.Context) (Bundle, error)
}

// Of returns what a cell that ends in the values vs shows; nil for no values.
//
// A value shows itself if it is a [Shower], [Bundler] or [Bundle]; an image.Image is a PNG picture. Every other value is
// the text that fmt prints: strings without quotes, errors and Stringers by their message, structs with field names
// (%+v). Bytes that are UTF-8 text are shown as that text, functions by their type. A slice or array of more than 10,000
// elements and a text of more than 1 MiB are shown by their ends and their length.
//
// Several values are joined by ", ", or by line breaks if one of them takes several lines; if one of them has HTML or is
// a picture, the joint bundle has HTML, too.
//
// Of blocks as long as a Shower does and returns its error, also for the other values.
func Of(ctx context.Context, vs ...any) (Bundle, error) {
	switch len(vs) {
	case 0:
		return nil, nil
	case 1:
		return of(ctx, vs[0])
	}
	var bundles []Bundle
	for _, v := range vs {
		b, err := of(ctx, v)
		if err != nil {
			return nil, err
		}
		if b != nil {
			bundles = append(bundles, b)
		}
	}
	if bundles == nil {
		return nil, nil
	}
	return join(bundles), nil
}

func of(ctx context.Context, v any) (Bundle, error) {
	b, own, err := ownBundle(ctx, v)
	if err != nil {
		return nil, err
	}
	if own && b == nil {
		return nil, nil // it has shown itself already
	}
	if !own || len(b) == 0 {
		return Text(v), nil
	}
	if _, ok := b[MIMEText]; ok {
		return b, nil
	}
	withText := Bundle{MIMEText: fmt.Sprintf("<%T>", v)}
	for k, d := range b {
		withText[k] = d
	}
	return withText, nil
}

// ownBundle returns the representations that v itself decides on; own is false when it has none. Methods called on a nil
// pointer usually panic, so a nil value shows as fmt shows it.
func ownBundle(ctx context.Context, v any) (b Bundle, own bool, err error) {
	if isNil(v) {
		return nil, false, nil
	}
	switch v := v.(type) {
	case Shower:
		b, err = v.Show(ctx)
		return b, true, err
	case Bundler:
		return v.MIMEBundle(), true, nil
	case Bundle:
		return v, true, nil
	}
	return imageBundle(v)
}

// join makes one bundle of several: their texts, and their HTML when at least one has more than text.
func join(bundles []Bundle) Bundle {
	texts := make([]string, len(bundles))
	parts := make([]string, len(bundles))
	sep, rich := ", ", false
	for i, b := range bundles {
		texts[i] = b.Text()
		if strings.Contains(texts[i], "\n") {
			sep = "\n"
		}
		part, ok := asHTML(b)
		parts[i], rich = part, rich || ok
	}
	joined := Bundle{MIMEText: strings.Join(texts, sep)}
	if rich {
		joined[MIMEHTML] = strings.Join(parts, "\n")
	}
	return joined
}

// asHTML is b as a piece of HTML; rich is false when that is only its text, escaped.
func asHTML(b Bundle) (piece string, rich bool) {
	if s, ok := b[MIMEHTML].(string); ok {
		return s, true
	}
	if s, ok := b[MIMESVG].(string); ok {
		return s, true
	}
	for _, mime := range []string{MIMEPNG, MIMEJPEG} {
		if data, ok := b[mime].([]byte); ok {
			return fmt.Sprintf(`<img src="data:%s;base64,%s">`, mime, base64.StdEncoding.EncodeToString(data)), true
		}
	}
	return "<pre>" + html.EscapeString(b.Text()) + "</pre>", false
}

// ErrNoFrontEnd is the error of asking the user for something that only a notebook front end can ask.
var ErrNoFrontEnd = errors.New("no notebook front end is attached")
