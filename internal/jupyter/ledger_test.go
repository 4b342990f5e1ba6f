package jupyter

import (
	"fmt"
	"testing"

	"github.com/go-logr/logr"
)

func TestALedgerKnowsWhatCameAndWent(t *testing.T) {
	c := &Conn{ledger: newLedger(), log: logr.Discard()}
	l := c.ledger
	l.came("running")
	l.came("large")
	l.went("large", "hub", [][]byte{make([]byte, maxLedgerByte+1)})
	l.went("never came", "hub", nil)
	missing, forgotten := c.Recall([]string{"running", "large", "never came"})
	if fmt.Sprint(missing, forgotten) != "[never came] [large]" {
		t.Errorf("missing %v, forgotten %v", missing, forgotten)
	}
	l.came("small")
	l.went("small", "hub", [][]byte{[]byte("reply")})
	if known, answered, to, frames := l.find("small"); !known || !answered || to != "hub" || len(frames) != 1 {
		t.Error(known, answered, to, frames)
	}
	l.came("small") // once more: its next attempt
	if _, answered, _, _ := l.find("small"); answered {
		t.Error("the reply of another attempt is remembered")
	}
}

func TestALedgerIsBounded(t *testing.T) {
	l := newLedger()
	for i := range 3 * maxLines {
		id := fmt.Sprint(i)
		l.came(id)
		l.went(id, "hub", [][]byte{make([]byte, 2000)})
	}
	if len(l.lines) > maxLines || len(l.order) > maxLines || len(l.sent) > maxLines || l.bytes > maxLedgerByte || l.bytes < maxLedgerByte/2 {
		t.Errorf("%d lines, %d and %d in order, %d bytes", len(l.lines), len(l.order), len(l.sent), l.bytes)
	}
}
