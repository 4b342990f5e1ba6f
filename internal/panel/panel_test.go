package panel_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gopar-project/gopar/internal/panel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long an answer may take on a busy machine.
const patience = 20 * time.Second

// tab is a connected page.
type tab struct {
	t       *testing.T
	receive func(json.RawMessage)
	closed  func()
	said    chan string // capacity for all that a test makes the panel say
	id      int
}

// open connects a page to a panel of its own, for an empty IPython folder.
func open(t *testing.T) (*panel.Panel, *tab) {
	t.Helper()
	t.Setenv("IPYTHONDIR", t.TempDir())
	t.Setenv("IPP_PROFILE_DIR", "")
	t.Setenv("IPP_CLUSTER_ID", "")
	t.Setenv("GOPAR_CONFIG", filepath.Join(t.TempDir(), "config.yaml"))
	p := panel.New(panel.Config{Exe: filepath.Join(t.TempDir(), "no-gopar")})
	t.Cleanup(p.Close)
	return p, connect(t, p)
}

func connect(t *testing.T, p *panel.Panel) *tab {
	t.Helper()
	g := &tab{t: t, said: make(chan string, 1000)}
	g.receive, g.closed = p.Open(func(data any) {
		raw, err := json.Marshal(data)
		if err != nil {
			t.Error(err)
		}
		g.said <- string(raw)
	})
	g.receive(json.RawMessage("{}")) // as a comm is opened
	return g
}

// hear waits for a message that contains all of what.
func (g *tab) hear(what ...string) string {
	g.t.Helper()
	return g.hearAll(what)[0]
}

// hearAll waits until a message of each kind came, in whatever order, and returns
// them in the order of kinds.
func (g *tab) hearAll(kinds ...[]string) []string {
	g.t.Helper()
	timeout := time.After(patience)
	said := make([]string, len(kinds))
	var heard []string
	for missing := len(kinds); missing > 0; {
		select {
		case s := <-g.said:
			heard = append(heard, s)
			for i, what := range kinds {
				if said[i] == "" && !slices.ContainsFunc(what, func(w string) bool { return !strings.Contains(s, w) }) {
					said[i] = s
					missing--
				}
			}
		case <-timeout:
			g.t.Fatalf("%q was not said; this was:\n%s", kinds, strings.Join(heard, "\n"))
		}
	}
	return said
}

// ask sends a request.
func (g *tab) ask(op, args string) {
	g.id++
	raw, _ := json.Marshal(map[string]any{"id": g.id, "op": op, "args": json.RawMessage(args)}) // it cannot fail
	g.receive(raw)
}

func TestAPageIsToldWhatIsThere(t *testing.T) {
	p, g := open(t)
	g.hear(`"event":"clusters"`, `"clusters":[]`)
	g.ask("hello", `{}`)
	g.hear(`"re":1`, `"cores":`, `{"name":"local","kind":"local","title":"this machine","engines":0}`, `"problem":""`)
	other := connect(t, p)
	other.hear(`"event":"clusters"`)
	g.closed()
	other.ask("hello", `{}`)
	other.hear(`"re":1`)
	other.closed()
}

func TestWrongRequestsAreAnsweredWithWhatIsWrong(t *testing.T) {
	_, g := open(t)
	for _, test := range []struct{ op, args, want string }{
		{"new", `{"id":"../x","n":1}`, "names are up to 64 letters"},
		{"new", `{"id":"a","profile":"..","n":1}`, "names are up to 64 letters"},
		{"new", `{"id":"a","n":0}`, "0 engines: from 1 to 4096 are possible"},
		{"new", `{"id":"a","n":5000}`, "5000 engines"},
		{"new", `{"id":"a","n":1,"launcher":"abacus"}`, `launcher \"abacus\" is not available here`},
		{"new", `{"id":"a","n":1,"launch":{"walltime":"soon"}}`, "soon"},
		{"new", `{"n":"x"}`, "new: "},
		{"new", `{"speed":1}`, "unknown field"},
		{"stop", `{"key":"nowhere:x"}`, "there is no such cluster"},
		{"fly", `{"key":"nowhere:x"}`, "there is no such cluster"},
	} {
		g.ask(test.op, test.args)
		g.hear(`"error":"`, test.want)
	}
	g.receive(json.RawMessage(`"no object"`))
	g.hear(`"re":0`, `"error":"`)
	if left, err := filepath.Glob(filepath.Join(os.Getenv("IPYTHONDIR"), "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, error %v", left, err)
	}
}

func TestLaunchersAreThoseOfTheConfigurationFileToo(t *testing.T) {
	_, g := open(t)
	write := func(text string) {
		if err := os.WriteFile(os.Getenv("GOPAR_CONFIG"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("profiles:\n  small:\n    on: local\n    engines: 3\n    env: {COLOR: blue}\n")
	g.ask("hello", `{}`)
	g.hear(`{"name":"small","kind":"local","title":"small (this machine)","engines":3}`)
	// What cannot be of a system is refused by its launcher, in words.
	g.ask("new", `{"id":"a","n":1,"launcher":"small","launch":{"queue":"q"}}`)
	g.hear(`"error":"`, "there is no option queue")
	write("profiles: [")
	g.ask("hello", `{}`)
	g.hear(`"problem":"`, "config.yaml:1:")
	g.ask("new", `{"id":"a","n":1}`)
	g.hear(`"error":"`, "config.yaml:1:")
}

func TestAFailedStartIsKeptWithItsError(t *testing.T) {
	p, g := open(t)
	g.ask("new", `{"id":"a","n":3}`)
	event := g.hearAll([]string{`"event":"clusters"`, `"state":"failed"`, `"want":3`, "no-gopar", `"busy":""`},
		[]string{`"re":1`, `"error":"start cluster:`, "no-gopar"})[0]
	var said struct{ Clusters []struct{ Key string } }
	if err := json.Unmarshal([]byte(event), &said); err != nil {
		t.Fatal(err)
	}
	key, _ := json.Marshal(said.Clusters[0].Key) // it cannot fail

	other := connect(t, p) // as after a reload
	other.hear(`"state":"failed"`, "no-gopar")
	for _, op := range []string{"scale", "restart", "interrupt"} {
		other.ask(op, `{"n":2,"key":`+string(key)+`}`)
		other.hear(`"error":"the cluster is not running`)
	}
	other.ask("fly", `{"key":`+string(key)+`}`)
	other.hear("is not known to this version")
	other.ask("delete", `{"key":`+string(key)+`}`)
	other.hear(`"clusters":[]`)
	g.hear(`"clusters":[]`)
}
