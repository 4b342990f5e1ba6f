package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

type event struct {
	XMLName struct{}      `xml:"event" json:"-"`
	At      time.Time     `json:"at" xml:"at,attr"`
	For     time.Duration `json:"for" xml:"for"`
	Kind    kind          `json:"kind" xml:"kind"`
	Notes   []note        `json:"notes,omitempty" xml:"notes>note"`
	secret  string
}

type note struct {
	Text string `json:"text" xml:",chardata"`
	N    *int   `json:"n,omitempty" xml:"n,attr,omitempty"`
}

type kind uint8

func (k kind) MarshalText() ([]byte, error) { return []byte(fmt.Sprintf("kind-%d", k)), nil }
func (k *kind) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "kind-%d", (*uint8)(k))
	return err
}

type Shape interface{ Area() float64 }
type Square struct{ Side float64 }

func (s Square) Area() float64 { return s.Side * s.Side }

type wire struct {
	A uint16
	B int32
	C [2]uint8
}

type countWriter struct {
	io.Writer
	n int
}

func (c *countWriter) Write(p []byte) (int, error) { c.n += len(p); return c.Writer.Write(p) }

type handler struct{ greeting string }

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%s %s", h.greeting, r.URL.Query().Get("name"))
}

func main() {
	at := time.Date(2024, time.February, 29, 12, 30, 0, 5, time.UTC)
	n := 3
	e := event{At: at, For: 90 * time.Second, Kind: 7, Notes: []note{{Text: "a"}, {"b", &n}}, secret: "s"}
	data, err := json.MarshalIndent(e, "", " ")
	fmt.Println(string(data), err)
	var back event
	fmt.Println(json.Unmarshal(data, &back), back.Kind, back.At.Equal(at), *back.Notes[1].N, back.secret == "")
	x, err := xml.Marshal(e)
	fmt.Println(string(x), err)
	fmt.Println(at.Format(time.RFC1123), at.AddDate(1, 0, 0).Weekday(), at.Sub(at.Add(-time.Hour)), at.Month(), e.For)
	var buf bytes.Buffer
	gob.Register(Square{})
	var s Shape = Square{3}
	fmt.Println(gob.NewEncoder(&buf).Encode(&s))
	var s2 Shape
	fmt.Println(gob.NewDecoder(&buf).Decode(&s2), s2.Area())
	buf.Reset()
	binary.Write(&buf, binary.BigEndian, wire{1, -2, [2]uint8{3, 4}})
	var w wire
	fmt.Println(hex.EncodeToString(buf.Bytes()), binary.Read(&buf, binary.BigEndian, &w), w)
	fmt.Println(base64.StdEncoding.EncodeToString([]byte("hello")), hex.EncodeToString(sha256.New().Sum(nil))[:8])
	cw := &countWriter{Writer: io.Discard}
	zw := gzip.NewWriter(cw)
	fmt.Fprint(zw, strings.Repeat("x", 1000))
	zw.Close()
	fmt.Println(cw.n > 0 && cw.n < 100)
	rows, err := csv.NewReader(strings.NewReader("a,b\n\"c,d\",e\n")).ReadAll()
	fmt.Println(rows, err)
	srv := httptest.NewServer(handler{"hi"})
	defer srv.Close()
	resp, err := http.Get(srv.URL + "?" + url.Values{"name": {"bob & al"}}.Encode())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body))
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(g []string, a slog.Attr) slog.Attr {
		if a.Key == "time" {
			return slog.Attr{}
		}
		return a
	}}))
	log.Info("message", "kind", e.Kind, "note", e.Notes[0])
	sc := bufio.NewScanner(strings.NewReader("one two\nthree"))
	sc.Split(bufio.ScanWords)
	for sc.Scan() {
		fmt.Print(sc.Text(), ";")
	}
	fmt.Println(filepath.Join("a", "..", "b"), filepath.Ext("x.tar.gz"))
	fs := fstest.MapFS{"d/f.txt": {Data: []byte("content")}}
	b, err := fs.ReadFile("d/f.txt")
	fmt.Println(string(b), err, fstest.TestFS(fs, "d/f.txt"))
	fmt.Println(testing.AllocsPerRun(1, func() {}) == 0)
	dir, _ := os.MkdirTemp("", "prog")
	defer os.RemoveAll(dir)
	fmt.Println(os.WriteFile(filepath.Join(dir, "f"), data, 0o600) == nil)
}
