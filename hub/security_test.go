package hub

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// serveOnce serves a hub that must not start, and returns why.
func serveOnce(t *testing.T, c Config) string {
	t.Helper()
	if c.ProfileDir == "" {
		c.ProfileDir = t.TempDir()
	}
	h, err := New(c)
	if err != nil {
		return err.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	err = h.Serve(ctx)
	if err == nil {
		t.Fatal("it served")
	}
	return err.Error()
}

func TestAHubThatOthersCouldAbuseDoesNotStart(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config Config
		why    string
	}{
		"no key, all addresses":    {Config{NoKey: true, IP: "*"}, "listens beyond this machine"},
		"no key, engines' address": {Config{NoKey: true, EngineIP: "0.0.0.0"}, "listens beyond this machine"},
		"allowed without CURVE":    {Config{Allowed: "keys"}, "--enable-curve"},
		"no file of allowed keys":  {Config{EnableCurve: true, Allowed: "/does/not/exist"}, "no file /does/not/exist"},
	} {
		if why := serveOnce(t, c.config); !strings.Contains(why, c.why) {
			t.Errorf("%s: %s", name, why)
		}
	}
}

func TestAKeyIsNeededUnlessOneAsksOnLoopback(t *testing.T) {
	t.Parallel()
	if h := startHub(t, Config{}); h.ClientInfo().Key == "" {
		t.Error("a hub without further ado signs nothing")
	}
	h := startHub(t, Config{NoKey: true})
	if h.ClientInfo().Key != "" {
		t.Error("NoKey has no effect")
	}
	newClient(t, h).ask("connection_request", struct{}{}, &struct{}{})
	if h := startHub(t, Config{EnableCurve: true, NoKey: true, IP: "*"}); h.ClientInfo().CurveServerKey == nil {
		t.Error("CURVE in place of a key: the connection file has no public key")
	}
}

func TestFilesWithoutKeyAreNotReusedWithoutCurve(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	t.Run("with CURVE", func(t *testing.T) { startHub(t, Config{ProfileDir: dir, Reuse: true, NoKey: true, EnableCurve: true}) })
	if why := serveOnce(t, Config{ProfileDir: dir, Reuse: true}); !strings.Contains(why, "its hub had CURVE") {
		t.Error(why)
	}
}

func TestReuseKeepsTheKeyPairInAFileOfItsOwner(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var first string
	path := proto.KeyFile(dir, "")
	t.Run("first", func(t *testing.T) {
		h := startHub(t, Config{ProfileDir: dir, Reuse: true, EnableCurve: true})
		first = *h.ClientInfo().CurveServerKey
		for _, file := range []string{path, proto.ClientFile(dir, ""), proto.EngineFile(dir, "")} {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", file, info.Mode(), err)
			}
			b, err := os.ReadFile(file)
			if err != nil || strings.Contains(string(b), h.curve.Pair.Secret.Z85()) != (file == path) {
				t.Errorf("%s has the secret key or lacks it, %v", file, err)
			}
		}
	})
	t.Run("again", func(t *testing.T) {
		h := startHub(t, Config{ProfileDir: dir, Reuse: true, EnableCurve: true})
		if second := *h.ClientInfo().CurveServerKey; second != first {
			t.Errorf("public key %s after the restart, %s before", second, first)
		}
		newClient(t, h).ask("connection_request", struct{}{}, &struct{}{})
	})
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if why := serveOnce(t, Config{ProfileDir: dir, Reuse: true, EnableCurve: true}); !strings.Contains(why, "others can read it") {
		t.Error(why)
	}
}

func TestOnlyAllowedKeysAreAdmitted(t *testing.T) {
	t.Parallel()
	member, err := zmtp.NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := zmtp.NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "allowed")
	if err := os.WriteFile(list, []byte("# who may come\n\n"+member.Public.String()+" alice\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := startHub(t, Config{EnableCurve: true, Allowed: list})
	info := h.ClientInfo()
	connect := func(pair zmtp.KeyPair) (connected chan struct{}, d *zmtp.Dealer) {
		connected = make(chan struct{}, 1024)
		curve := &zmtp.Curve{Pair: pair, Server: h.curve.Pair.Public}
		d = zmtp.NewDealer(zmtp.Options{Curve: curve, OnConnect: func(*zmtp.Peer) { connected <- struct{}{} }}, func([][]byte) {})
		t.Cleanup(func() { closeAll(d) })
		if err := d.Dial(info.Endpoint(info.Registration)); err != nil {
			t.Fatal(err)
		}
		return connected, d
	}
	refused, _ := connect(stranger)
	admitted, _ := connect(member)
	select {
	case <-admitted:
	case <-time.After(deadline):
		t.Error("a member was not admitted")
	}
	if len(refused) > 0 {
		t.Error("a stranger was admitted")
	}
}
