package parallel_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/parallel"
)

func TestCodeRunsInTheEnginesSessions(t *testing.T) {
	var out lockedBuffer
	rc := cluster(t, parallel.Output(&out, nil))
	b, err := rc[1:3].Execute("x := 20\nfmt.Println(\"x is\", x)\nx + 1").Show(t.Context())
	if err != nil || b.Text() != "Out[1:1]: 21\nOut[2:1]: 21" && !strings.Contains(b.Text(), "]: 21") {
		t.Errorf("got %q, %v", b.Text(), err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	slices.Sort(lines)
	if !slices.Equal(lines, []string{"[stdout:1] x is 20", "[stdout:2] x is 20"}) {
		t.Errorf("stdout %q", lines)
	}
	if v, err := parallel.Get[[]int](rc[1:3].Pull("x")); err != nil || !slices.Equal(v, []int{20, 20}) {
		t.Errorf("pull: %v, %v", v, err)
	}
	b, err = parallel.Px(parallel.PxOptions{Targets: "1", GroupOutputs: "engine", Client: rc}, "fmt.Println(\"kept\")\nx").Show(t.Context())
	if err != nil || !strings.HasPrefix(b.Text(), "[stdout:1] kept\nOut[1:") {
		t.Errorf("grouped: %q, %v", b.Text(), err)
	}
	_, err = rc[1:3].Execute("nonsense").Show(t.Context())
	var remote *parallel.RemoteError
	if !errors.As(err, &remote) || remote.Method != "execute" || !strings.Contains(err.Error(), "2 engines: same compile error: cell ") {
		t.Errorf("compile error: %v", err)
	}
}

func TestPushAndScatterAreThereForWhatComesNext(t *testing.T) {
	rc := cluster(t)
	rc.Push(map[string]any{"a": 5, "words": map[string][]float64{"k": {1, 2}}})
	v, err := rc[0].Pull("a", "words").Get()
	if err != nil || len(v) != 2 || v[0] != 5 || v[1].(map[string][]float64)["k"][1] != 2 {
		t.Errorf("pull: %v, %v", v, err)
	}
	numbers := []int{1, 2, 3, 4, 5, 6, 7}
	rc.Scatter("part", numbers)
	if all, err := parallel.Get[[]int](rc.Gather("part")); err != nil || !slices.Equal(all, numbers) {
		t.Errorf("gather: %v, %v", all, err)
	}
	if _, err := rc.Pull("nowhere").Get(); err == nil || !strings.Contains(err.Error(), "undefined: nowhere") {
		t.Errorf("pull: %v", err)
	}
	if _, err := rc.Push(map[string]any{"v": vec{1, 2}}).Get(); err == nil || !strings.Contains(err.Error(), "is declared here") {
		t.Errorf("push: %v", err)
	}
}
