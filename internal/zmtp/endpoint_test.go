package zmtp_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/zmtp"
)

func TestEndpointsAreChecked(t *testing.T) {
	t.Parallel()
	d := zmtp.NewDealer(zmtp.Options{}, newInbox().plain)
	closeLater(t, d)
	for _, bad := range []string{"", "127.0.0.1:80", "tcp://nowhere", "inproc://x", "ipc://", "ipc:///" + strings.Repeat("long/", 30)} {
		if err := d.Dial(bad); err == nil {
			t.Errorf("Dial(%q) succeeded", bad)
		}
		if _, err := d.Listen(bad); err == nil {
			t.Errorf("Listen(%q) succeeded", bad)
		}
	}
	for _, any := range []string{"tcp://*:0", "tcp://*:*", "tcp://0.0.0.0:0"} {
		bound, err := d.Listen(any)
		if err != nil || !strings.HasPrefix(bound, "tcp://0.0.0.0:") || strings.HasSuffix(bound, ":0") {
			t.Errorf("Listen(%q) = %q, %v", any, bound, err)
		}
	}
	for _, id := range []string{"\x00mine", strings.Repeat("i", 256)} {
		bad := zmtp.NewDealer(zmtp.Options{Identity: []byte(id)}, newInbox().plain)
		if err := bad.Dial("tcp://127.0.0.1:1"); err == nil {
			t.Errorf("identity %q was accepted", id)
		}
		closeNow(t, bad)
	}
}

func TestListenReplacesAStaleSocketFileOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stale, file := filepath.Join(dir, "stale"), filepath.Join(dir, "file")
	l, err := net.Listen("unix", stale)
	must(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	r := zmtp.NewRouter(zmtp.Options{}, newInbox().routed)
	listen(t, r, "ipc://"+stale)
	other := zmtp.NewRouter(zmtp.Options{}, newInbox().routed)
	closeLater(t, other)
	if _, err := other.Listen("ipc://" + stale); err == nil {
		t.Error("took the path of a live socket")
	}
	must(t, os.WriteFile(file, []byte("precious"), 0o600))
	if _, err := other.Listen("ipc://" + file); err == nil {
		t.Error("took the path of a file")
	}
	if b, _ := os.ReadFile(file); string(b) != "precious" {
		t.Error("the file was touched")
	}
	closeNow(t, r)
	if _, err := os.Lstat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close the socket file is still there (%v)", err)
	}
}

func TestOneSocketListensAndDialsSeveralTimes(t *testing.T) {
	t.Parallel()
	in, answers := newInbox(), newInbox()
	r := zmtp.NewRouter(zmtp.Options{}, in.routed)
	d := zmtp.NewDealer(zmtp.Options{Identity: []byte("d")}, answers.plain)
	other := zmtp.NewRouter(zmtp.Options{}, in.routed)
	dial(t, d, listen(t, r, "tcp://127.0.0.1:0"))
	must(t, d.Send(bytesOf("one")))
	in.want(t, "one")
	dial(t, d, listen(t, other, "ipc://"+filepath.Join(t.TempDir(), "s")))
	dial(t, other, listen(t, r, "tcp://127.0.0.1:0")) // ROUTER to ROUTER
	for !sends(other, "d") {
		must(t, d.Send(bytesOf("who"))) // round robin: both hear it once both are connected
		if m := next(t, in); m.from != "d" {
			t.Fatalf("from %q", m.from)
		}
	}
}

// sends reports whether r has a peer named to.
func sends(r *zmtp.Router, to string) bool { return r.Send(to, bytesOf("?")) == nil }
