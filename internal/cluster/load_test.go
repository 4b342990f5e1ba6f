package cluster

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gopar-project/gopar/internal/proto"
)

func TestTasksAreNamedForPeople(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, kind, metadata, content, want string }{
		{"label", "apply_request", `{"label":"step 3"}`, `{"func":{"symbol":"Mul"}}`, "step 3"},
		{"function", "apply_request", `{}`, `{"func":{"symbol":"Mul"}}`, "Mul"},
		{"code", "execute_request", `{}`, `{"code":"\n x := 1\ny := 2"}`, "x := 1"},
		{"python", "apply_request", `{}`, `{}`, "apply"},
		{"nothing", "apply_request", ``, ``, "apply"},
		{"spoilt", "apply_request", `{"label":3}`, `[1]`, "apply"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &proto.RunningTask{MsgType: test.kind, Metadata: json.RawMessage(test.metadata), Content: json.RawMessage(test.content)}
			if got := taskTitle(r); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func FuzzTaskTitle(f *testing.F) {
	f.Add([]byte(`{"label":"a"}`), []byte(`{"code":"é"}`))
	f.Fuzz(func(t *testing.T, metadata, content []byte) {
		title := taskTitle(&proto.RunningTask{MsgType: "apply_request", Metadata: metadata, Content: content})
		if title == "" || len(title) > maxTitle+len("…") || !utf8.ValidString(title) || strings.Contains(title, "\n") {
			t.Errorf("%q", title)
		}
	})
}
