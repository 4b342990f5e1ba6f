package zmtp_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// The pair that libzmq's documentation of CURVE gives as an example.
const (
	samplePublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
	sampleSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
)

func TestKeysReadAsLibzmqWritesThem(t *testing.T) {
	t.Parallel()
	pair, err := zmtp.ParseKeyPair(samplePublic, sampleSecret)
	must(t, err)
	if got := hex.EncodeToString(pair.Public[:]); got != "bb88471d65e2659b30c55a5321cebb5aab2b70a398645c26dca2b2fcb43fc518" {
		t.Errorf("public key %s", got)
	}
	if got := hex.EncodeToString(pair.Secret[:]); got != "7bb864b489afa3671fbe69101f94b38972f24816dfb01b51656b3fec8dfd0888" {
		t.Errorf("secret key %s", got)
	}
	if pair.Public.String() != samplePublic || pair.Secret.Z85() != sampleSecret {
		t.Errorf("written again: %s, %s", pair.Public, pair.Secret.Z85())
	}
	if alone, err := zmtp.ParseKeyPair("", sampleSecret); err != nil || alone != pair {
		t.Errorf("public key made from the secret one: %v, %v", alone.Public, err)
	}
}

func TestBadKeysAreRefusedWithoutBeingShown(t *testing.T) {
	t.Parallel()
	other, _ := keys(t)
	for name, c := range map[string]struct{ public, secret string }{
		"short":            {samplePublic, sampleSecret[:39]},
		"long":             {samplePublic, sampleSecret + "0"},
		"no digit":         {samplePublic, sampleSecret[:39] + "~"},
		"too large":        {samplePublic, sampleSecret[:35] + "#####"},
		"of another":       {other.Public.String(), sampleSecret},
		"bad public":       {"nonsense", sampleSecret},
		"the wrong way":    {sampleSecret, samplePublic},
		"public not ASCII": {strings.Repeat("é", 20), sampleSecret},
	} {
		_, err := zmtp.ParseKeyPair(c.public, c.secret)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), c.secret[:30]) {
			t.Errorf("%s: the error shows the secret key: %v", name, err)
		}
	}
}

func TestSecretKeysDoNotShow(t *testing.T) {
	t.Parallel()
	pair, err := zmtp.ParseKeyPair(samplePublic, sampleSecret)
	must(t, err)
	var shown strings.Builder
	for _, v := range []any{pair, &pair, pair.Secret, &pair.Secret, zmtp.Curve{Pair: pair}, &zmtp.Curve{Pair: pair}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
	}
	log := funcr.New(func(prefix, args string) { shown.WriteString(args) }, funcr.Options{})
	log.Info("made", "pair", pair, "secret", pair.Secret)
	hidden := hex.EncodeToString(pair.Secret[:])
	for _, text := range []string{sampleSecret, hidden, string(pair.Secret[:]), "123, 184, 100", "123 184 100", "123,184,100", "0x7b, 0xb8"} {
		if strings.Contains(shown.String(), text) {
			t.Errorf("the secret key shows as %q in\n%s", text, shown.String())
		}
	}
	if !strings.Contains(shown.String(), "(secret)") {
		t.Error("nothing was printed: the test shows nothing")
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(samplePublic)
	f.Add(strings.Repeat("#", 40))
	f.Fuzz(func(t *testing.T, text string) {
		k, err := zmtp.ParseKey(text)
		if err == nil && k.String() != text {
			t.Fatalf("%q reads as %q", text, k)
		}
	})
}
