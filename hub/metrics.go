package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is the HTTP server of Config.Metrics: Prometheus's format at /metrics, and the profiles of net/http/pprof at
// /debug/pprof/. Whoever can reach it can read how busy the hub is and make it profile itself, which is why it listens on
// loopback only.
type metrics struct {
	listener net.Listener
	server   *http.Server
}

// openMetrics listens where the configuration says; nil: nowhere.
func (h *Hub) openMetrics() (*metrics, error) {
	if h.cfg.Metrics == "" {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(h.cfg.Metrics)
	if err != nil {
		return nil, fmt.Errorf("address of metrics: %w; want 127.0.0.1:9090", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("address of metrics %s: it is not protected, so it must be of this machine: 127.0.0.1:9090, or port 0 for any",
			h.cfg.Metrics)
	}
	l, err := net.Listen("tcp", h.cfg.Metrics)
	if err != nil {
		return nil, fmt.Errorf("listen for metrics: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{h}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	h.log.Info("metrics", "url", "http://"+l.Addr().String()+"/metrics")
	return &metrics{l, &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}}, nil
}

// serve answers until ctx ends.
func (m *metrics) serve(ctx context.Context, h *Hub) {
	defer context.AfterFunc(ctx, func() { _ = m.server.Close() })() // what is being answered is cut off: the hub ends
	if err := m.server.Serve(m.listener); !errors.Is(err, http.ErrServerClosed) {
		h.log.Error(err, "metrics ended")
	}
}

// metricsAddress is where metrics are served, "" for nowhere.
func (h *Hub) metricsAddress() string {
	if h.metrics == nil {
		return ""
	}
	return "http://" + h.metrics.listener.Addr().String() + "/metrics"
}

// collector reads the hub's state when it is asked for metrics, so that they cost nothing in between.
type collector struct{ h *Hub }

func description(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("gopar_hub_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector: what there is depends on the engines, so nothing is promised.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	h := c.h
	engines, slots := map[string]int{}, map[string]int{}
	var direct, records int
	var bytes int64
	var tasks map[string]int
	var finished int
	h.under(func() {
		for _, e := range h.registry.all() {
			engines[e.language]++
			slots[e.language] += e.slots
			direct += len(e.queue)
		}
		n := h.sched.Counts()
		tasks = map[string]int{"waiting": n.Waiting, "ready": n.Ready, "parked": n.Parked, "running": n.Running}
		finished = n.Finished
		records, bytes = len(h.records.byID), h.records.bytes
	})
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	perLanguage := description("engines", "Registered engines.", "language")
	slotsOf := description("slots", "Tasks that the engines run at once.", "language")
	for l, n := range engines {
		gauge(perLanguage, float64(n), l)
		gauge(slotsOf, float64(slots[l]), l)
	}
	inState := description("tasks", "Load-balanced tasks that are not finished, by what they wait for.", "state")
	for s, n := range tasks {
		gauge(inState, float64(n), s)
	}
	counter(description("tasks_finished_total", "Load-balanced tasks that are over, however they ended."), float64(finished))
	gauge(description("direct_tasks", "Direct tasks that engines have."), float64(direct))
	gauge(description("unstored_tasks", "Tasks that are not in the store yet, pending ones included."), float64(records))
	gauge(description("unstored_bytes", "Bytes of finished tasks that are not in the store yet."), float64(bytes))
	messages := description("messages_total", "Messages that came, by channel.", "channel")
	dropped := description("messages_dropped_total", "Messages whose signature or form was wrong, by channel.", "channel")
	for ch := range h.rows {
		n := h.traffic[ch]
		counter(messages, float64(n.messages.Load()), string(ch))
		counter(dropped, float64(n.dropped.Load()), string(ch))
	}
}
