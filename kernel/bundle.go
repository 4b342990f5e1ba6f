package kernel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gopar-project/gopar/display"
)

// wireBundle returns b as the data object of an output: text as strings, binary
// as base64, JSON types as the value itself. A value that does not encode is
// left out and named in text/plain, so that one of them never costs the output.
func wireBundle(b display.Bundle) json.RawMessage {
	data := make(map[string]json.RawMessage, len(b))
	var refused []string
	for mime, v := range b {
		raw, err := wireValue(mime, v)
		if err != nil {
			refused = append(refused, fmt.Sprintf("%s: %v", mime, err))
			continue
		}
		data[mime] = raw
	}
	if _, ok := data[display.MIMEText]; !ok && len(refused) > 0 {
		data[display.MIMEText], _ = encode(strings.Join(refused, "\n")) // a string encodes
	}
	raw, err := encode(data)
	if err != nil { // every member is valid JSON already
		return json.RawMessage("{}")
	}
	return raw
}

// wireValue encodes one representation.
func wireValue(mime string, v any) (json.RawMessage, error) {
	b, ok := v.([]byte)
	if !ok {
		return encode(v)
	}
	if isJSON(mime) && json.Valid(b) {
		return b, nil
	}
	if isText(mime) {
		return encode(string(b))
	}
	return encode(b) // base64
}

func isJSON(mime string) bool { return mime == "application/json" || strings.HasSuffix(mime, "+json") }

func isText(mime string) bool {
	return strings.HasPrefix(mime, "text/") || strings.HasSuffix(mime, "+xml") || isJSON(mime) ||
		mime == "application/javascript" || mime == "application/xml"
}

// wireMetadata returns m as a JSON object, "{}" for nothing.
func wireMetadata(m map[string]any) json.RawMessage {
	if len(m) == 0 {
		return json.RawMessage("{}")
	}
	raw, err := encode(m)
	if err != nil {
		return json.RawMessage("{}")
	}
	return raw
}

// wirePayload returns the payload list of an execute_reply; never nil.
func wirePayload(ps []display.Payload) []json.RawMessage {
	list := make([]json.RawMessage, 0, len(ps))
	for _, p := range ps {
		var v any
		switch p.Source {
		case display.PagePayload:
			v = pagePayload(p)
		case display.SetNextInputPayload:
			v = nextInputPayload(p)
		default:
			continue
		}
		raw, err := encode(v)
		if err != nil { // strings and encoded bundles encode
			continue
		}
		list = append(list, raw)
	}
	return list
}

// encode is json.Marshal without HTML escaping, which triples the size of HTML
// outputs.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
