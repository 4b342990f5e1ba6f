//go:build unix

package kernel

import (
	"fmt"
	"testing"
	"time"
)

func TestALongBuildIsToldAndTheNoticeVanishes(t *testing.T) {
	s := newSession(t)
	s.g.config.Patience = time.Nanosecond
	fresh := fmt.Sprintf("const now = %d\nfunc of() string { return \"of\" }\nfmt.Print(of())", time.Now().UnixNano()) // in no cache
	if got, want := s.run(fresh), "2>compiling…2>\r          \r[clear_output ]of"; got != want {
		t.Errorf("shown: %q, want %q", got, want)
	}
	if got := s.run("1 + 1"); got != "=> 2" {
		t.Errorf("an interpreted cell shows %q", got)
	}
	s.g.config.Patience = time.Hour
	if got := s.run("func another() int { return 3 }\nanother()"); got != "=> 3" {
		t.Errorf("within the evaluator's patience: %q", got)
	}
}
