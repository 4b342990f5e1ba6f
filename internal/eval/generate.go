//go:build ignore

// Generate writes the type data of the standard library that Load checks units against: what the compiler writes for
// importers, one file a package.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/internal/interp/symbols"
)

// unusual leaves out what few cells import without a toolchain and what is large.
func unusual(p string) bool {
	for _, prefix := range []string{"debug/", "net/http", "net/rpc", "go/", "crypto/", "database/", "testing", "plugin", "text/template/parse", "runtime/", "log/syslog", "image/", "net/smtp"} {
		if strings.HasPrefix(p, prefix) && p != "crypto/sha256" && p != "crypto/md5" && p != "crypto/sha1" && p != "crypto/rand" && p != "image/color" && p != "runtime/debug" {
			return true
		}
	}
	return false
}

func main() {
	log.SetFlags(0)
	paths := slices.DeleteFunc(symbols.Std(), func(p string) bool {
		return unusual(p)
	})
	args := append([]string{"list", "-trimpath", "-export", "-f", "{{.ImportPath}}\t{{.Export}}"}, paths...)
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		log.Fatal(err)
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, line := range slices.Sorted(slices.Values(strings.Split(strings.TrimSpace(string(out)), "\n"))) {
		path, file, _ := strings.Cut(line, "\t")
		if file == "" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		var size int // of the archive's first member, __.PKGDEF
		if _, err := fmt.Sscanf(string(bytes.TrimSpace(data[56:66])), "%d", &size); err != nil {
			log.Fatal(path, err)
		}
		w, err := z.Create(path)
		if err == nil {
			_, err = w.Write(data[:8+60+size])
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("std.zip", buf.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
