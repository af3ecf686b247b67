package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// metrics counts what Prometheus reads.
type metrics struct {
	mu       sync.Mutex
	requests map[[2]string]int // by verb and status
	rows     map[string]int
	seconds  map[string]*histogram
}

// bounds are those of the histograms, in seconds.
var bounds = []float64{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30}

// histogram counts durations up to each of the bounds.
type histogram struct {
	upTo  []int
	count int
	sum   float64
}

func newMetrics() *metrics {
	return &metrics{requests: map[[2]string]int{}, rows: map[string]int{}, seconds: map[string]*histogram{}}
}

func (m *metrics) count(verb string, status, rows int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests[[2]string{verb, strconv.Itoa(status)}]++
	m.rows[verb] += rows
	h := m.seconds[verb]
	if h == nil {
		h = &histogram{upTo: make([]int, len(bounds))}
		m.seconds[verb] = h
	}
	h.count++
	h.sum += took.Seconds()
	for k, b := range bounds {
		if took.Seconds() <= b {
			h.upTo[k]++
		}
	}
}

// write writes the exposition format of Prometheus, in an order that stays.
func (m *metrics) write(w io.Writer, running int, inside int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(w, "# TYPE gradlogp_running gauge\ngradlogp_running %d\n# TYPE gradlogp_inside gauge\ngradlogp_inside %d\n", running, inside)
	fmt.Fprintln(w, "# TYPE gradlogp_requests_total counter")
	for _, k := range slices.SortedFunc(maps.Keys(m.requests), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		fmt.Fprintf(w, "gradlogp_requests_total{verb=%q,status=%q} %d\n", k[0], k[1], m.requests[k])
	}
	fmt.Fprintln(w, "# TYPE gradlogp_rows_total counter")
	for _, v := range slices.Sorted(maps.Keys(m.rows)) {
		fmt.Fprintf(w, "gradlogp_rows_total{verb=%q} %d\n", v, m.rows[v])
	}
	fmt.Fprintln(w, "# TYPE gradlogp_request_seconds histogram")
	for _, v := range slices.Sorted(maps.Keys(m.seconds)) {
		h := m.seconds[v]
		for k, b := range bounds {
			fmt.Fprintf(w, "gradlogp_request_seconds_bucket{verb=%q,le=\"%v\"} %d\n", v, b, h.upTo[k])
		}
		fmt.Fprintf(w, "gradlogp_request_seconds_bucket{verb=%q,le=\"+Inf\"} %d\ngradlogp_request_seconds_sum{verb=%q} %v\ngradlogp_request_seconds_count{verb=%q} %d\n", v, h.count, v, h.sum, v, h.count)
	}
}
