package cell

import (
	"strings"
	"testing"
)

func TestMisspelledNamesGetSuggestions(t *testing.T) {
	t.Parallel()
	tc := sharedToolchain(t)
	s := NewSession(Config{Export: tc.Export, Packages: tc.Packages()})
	c, err := s.Check("cell 1", "import \"strings\"\ntype account struct{ Balance int }\nfunc (a *account) Deposit(n int) {}\nvar acc account\ncounter := 0\nb := new(strings.Builder)")
	if err != nil {
		t.Fatal(err)
	}
	s.Commit(c)
	for code, want := range map[string]string{
		"countr":                  "undefined: countr (did you mean counter?)",
		"total := 1\ntotl":        "undefined: totl (did you mean total?)",
		"acc.Balanse":             "(did you mean Balance?)",
		"acc.Depozit(1)":          "(did you mean Deposit?)",
		"acc.balance":             "but does have field Balance)",
		"b.WriteStrng(\"\")":      "(did you mean WriteString?)",
		"strings.ToUper(\"a\")":   "(did you mean strings.ToUpper?)",
		"strings.toupper(\"a\")":  "undefined: strings.toupper (but have ToUpper)",
		"stings.ToUpper(\"a\")":   "(did you mean strings?)",
		"nothingLikeIt":           "undefined: nothingLikeIt",
		"acc.SomethingElse":       "no field or method SomethingElse)",
		"strings.SomethingElse()": "undefined: strings.SomethingElse",
	} {
		_, err := s.Check("cell 2", code)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
}
