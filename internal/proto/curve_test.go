package proto

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// The pair of libzmq's documentation, and another's public key.
const (
	public = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	secret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
	server = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
)

func TestWhatClientsEncryptWith(t *testing.T) {
	for _, name := range []string{EnvCurveServerKey, EnvCurvePublicKey, EnvCurveSecretKey} {
		t.Setenv(name, "")
	}
	key, empty := server, ""
	for _, c := range []*string{nil, &empty} {
		if curve, err := (&ClientInfo{CurveServerKey: c}).Curve(); curve != nil || err != nil {
			t.Errorf("a hub without a public key: %v, %v", curve, err)
		}
	}
	one, err := (&ClientInfo{CurveServerKey: &key}).Curve()
	if err != nil || one.Server.String() != server {
		t.Fatalf("%v, %v", one, err)
	}
	if two, err := (&EngineInfo{CurveServerKey: &key}).Curve(); err != nil || two.Pair == one.Pair {
		t.Errorf("an engine has the client's own keys, %v", err)
	}
	t.Setenv(EnvCurveSecretKey, secret)
	t.Setenv(EnvCurveServerKey, public)
	own, err := (&EngineInfo{}).Curve()
	if err != nil || own.Server.String() != public || own.Pair.Secret.Z85() != secret {
		t.Errorf("by the environment: %v, %v", own, err)
	}
	if file, err := (&EngineInfo{CurveServerKey: &key}).Curve(); err != nil || file.Server.String() != server {
		t.Errorf("the file comes first: %v, %v", file, err)
	}
	t.Setenv(EnvCurveSecretKey, secret[1:])
	if _, err := (&EngineInfo{}).Curve(); err == nil || strings.Contains(err.Error(), secret[1:]) {
		t.Errorf("a bad secret key: %v", err)
	}
	t.Setenv(EnvCurveSecretKey, secret)
	if err := ForgetSecrets(); err != nil || os.Getenv(EnvCurveSecretKey) != "" {
		t.Errorf("the secret key is still in the environment, %v", err)
	}
}

func TestListOfAllowedKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "allowed")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# comment\n" + public + "  Alice's laptop\r\n\n  " + server + "\n")
	keys, err := ReadAllowed(path)
	if err != nil || len(keys) != 2 {
		t.Fatalf("%v, %v", keys, err)
	}
	if k, _ := zmtp.ParseKey(public); !keys[k] {
		t.Error("the first key is missing")
	}
	write(public + "\nnonsense\n")
	if _, err := ReadAllowed(path); err == nil || !strings.Contains(err.Error(), path+":2:") {
		t.Errorf("a bad line: %v", err)
	}
	if _, err := ReadAllowed(path + "x"); !errors.Is(err, ErrNoFile) {
		t.Errorf("no file: %v", err)
	}
}
