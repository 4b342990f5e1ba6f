package display

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"image"
	"image/png"
	"strings"
)

// HTML returns markup as text/html; its text/plain is the markup's text without the tags.
func HTML(markup string) Bundle {
	return Bundle{MIMEHTML: markup, MIMEText: stripTags(markup)}
}

// Markdown returns source as text/markdown, and as it stands for consoles.
func Markdown(source string) Bundle { return Bundle{MIMEMarkdown: source, MIMEText: source} }

// Latex returns source, with its dollar signs or environment, as text/latex.
func Latex(source string) Bundle { return Bundle{MIMELatex: source, MIMEText: source} }

// SVG returns a picture given as an SVG document.
func SVG(document string) Bundle {
	return Bundle{MIMESVG: document, MIMEText: fmt.Sprintf("<svg, %d bytes>", len(document))}
}

// PNG returns a picture given as an encoded PNG file. The bundle keeps data; do not change it afterwards.
func PNG(data []byte) Bundle { return picture(MIMEPNG, "png", data) }

// JPEG returns a picture given as an encoded JPEG file. The bundle keeps data; do not change it afterwards.
func JPEG(data []byte) Bundle { return picture(MIMEJPEG, "jpeg", data) }

func picture(mime, name string, data []byte) Bundle {
	return Bundle{mime: data, MIMEText: fmt.Sprintf("<%s, %d bytes>", name, len(data))}
}

// JSON returns v, encoded by encoding/json, as a tree that front ends fold and search. A value that encoding/json refuses
// is shown as text.
func JSON(v any) Bundle {
	raw, err := json.Marshal(v)
	if err != nil {
		return Text(v)
	}
	return Bundle{MIMEJSON: json.RawMessage(raw), MIMEText: string(raw)}
}

// VegaLite returns a chart from a Vega-Lite 5 specification: a map or struct, or the JSON text as string, []byte or
// json.RawMessage. A specification that is not JSON is shown as text.
func VegaLite(spec any) Bundle {
	var raw []byte
	switch s := spec.(type) {
	case string:
		raw = []byte(s)
	case []byte:
		raw = s
	default:
		var err error
		if raw, err = json.Marshal(spec); err != nil {
			return Text(spec)
		}
	}
	if !json.Valid(raw) {
		return Text(string(raw))
	}
	return Bundle{MIMEVegaLite: json.RawMessage(raw), MIMEText: "<vega-lite chart>"}
}

// imageBundle shows an image.Image as PNG; own is false for any other value.
func imageBundle(v any) (b Bundle, own bool, err error) {
	img, ok := v.(image.Image)
	if !ok {
		return nil, false, nil
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		return nil, true, fmt.Errorf("show %T as png: %w", v, err)
	}
	b = PNG(file.Bytes())
	b[MIMEText] = fmt.Sprintf("<%T %dx%d>", v, img.Bounds().Dx(), img.Bounds().Dy())
	return b, true, nil
}

// stripTags is the text of a piece of HTML: good enough to read in a console, not a parser.
func stripTags(markup string) string {
	var b strings.Builder
	for rest := markup; rest != ""; {
		before, tag, found := strings.Cut(rest, "<")
		b.WriteString(before)
		if !found {
			break
		}
		if tag == "" || !isTagStart(tag[0]) {
			b.WriteByte('<')
			rest = tag
			continue
		}
		_, rest, _ = strings.Cut(tag, ">")
	}
	return strings.TrimSpace(html.UnescapeString(b.String()))
}

func isTagStart(c byte) bool {
	return c == '/' || c == '!' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
