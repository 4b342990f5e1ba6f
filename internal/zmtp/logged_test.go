package zmtp_test

import (
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
)

// logged is a log that tests wait for.
type logged chan string

func newLogged() logged { return make(logged, 4096) }

func (l logged) logger() logr.Logger {
	return funcr.New(func(prefix, args string) {
		select {
		case l <- prefix + " " + args:
		default: // nobody looks any more
		}
	}, funcr.Options{Verbosity: 9})
}

// want waits for a line that contains text.
func (l logged) want(t testing.TB, text string) {
	t.Helper()
	var lines []string
	for {
		line := next(t, l)
		if strings.Contains(line, text) || strings.Contains(strings.ReplaceAll(line, `\"`, `"`), text) {
			return
		}
		if lines = append(lines, line); len(lines) > 1000 {
			t.Fatalf("the log does not say %q:\n%s", text, strings.Join(lines, "\n"))
		}
	}
}
