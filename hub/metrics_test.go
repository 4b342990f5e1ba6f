package hub

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gopar-project/gopar/internal/proto"
)

func get(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, r.Status, err)
	}
	return string(b)
}

func TestMetricsTellWhatTheHubDoes(t *testing.T) {
	h := startHub(t, Config{Metrics: "127.0.0.1:0"})
	c := newClient(t, h)
	startEngine(t, h, c, echo)
	for range 3 {
		c.tasks.answerTo(t, c.apply(proto.TaskMetadata{}))
	}
	var status proto.StatusReply
	c.ask(proto.StatusRequestType, struct{}{}, &status)
	text := get(t, status.Metrics)
	for _, want := range []string{
		`gopar_hub_engines{language="go"} 1`, `gopar_hub_tasks{state="running"} 0`, "gopar_hub_tasks_finished_total 3",
		`gopar_hub_messages_total{channel="task of clients"} 3`, `gopar_hub_messages_dropped_total{channel="query"} 0`, "go_goroutines", "process_cpu_seconds_total",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if profile := get(t, strings.TrimSuffix(status.Metrics, "metrics")+"debug/pprof/goroutine?debug=1"); !strings.Contains(profile, "goroutine profile") {
		t.Errorf("profile %.200s", profile)
	}
}

func TestMetricsStayOnThisMachine(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":9090", "example.org:80", "nonsense"} {
		h, err := New(Config{ProfileDir: t.TempDir(), Metrics: address})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), "metrics") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
