package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results collects what benchmarks print.
type results struct {
	cpu     string
	names   []string // in the order of their first appearance
	metrics map[string]map[string][]float64
}

func newResults() *results { return &results{metrics: make(map[string]map[string][]float64)} }

// measure runs the benchmark of a test binary that has this name, with those in it,
// and returns the largest resident set of the process in bytes, 0 where the system
// does not tell.
func (r *results) measure(ctx context.Context, binary, name, benchtime string) (int64, error) {
	pattern := "^Benchmark" + strings.ReplaceAll(regexp.QuoteMeta(name), "/", "$/^") + "$"
	c := exec.CommandContext(ctx, binary, "-test.run=^$", "-test.bench="+pattern, "-test.benchtime="+benchtime, "-test.cpu=2")
	out, err := c.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("benchmark %s: %w\n%s", name, err, out)
	}
	r.parse(out)
	return residentSet(c.ProcessState), nil
}

// parse reads lines such as
//
//	BenchmarkScore/S/rows=1-2   77617   13181 ns/op   75869 rows/s
func (r *results) parse(out []byte) {
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		line := lines.Text()
		if cpu, ok := strings.CutPrefix(line, "cpu: "); ok {
			r.cpu = strings.TrimSpace(cpu)
		}
		fields := strings.Fields(line)
		name, ok := strings.CutPrefix(line, "Benchmark")
		if !ok || len(fields) < 4 {
			continue
		}
		name = strings.Fields(name)[0]
		if k := strings.LastIndex(name, "-"); k >= 0 {
			name = name[:k] // the number of processors
		}
		if r.metrics[name] == nil {
			r.metrics[name] = make(map[string][]float64)
			r.names = append(r.names, name)
		}
		for i := 2; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				r.metrics[name][fields[i+1]] = append(r.metrics[name][fields[i+1]], v)
			}
		}
	}
}

// median returns the median of a metric, or of the calls a second when the
// metric has no name; 0 when there is none.
func (r *results) median(name, metric string) float64 {
	if metric == "" {
		if ns := r.median(name, "ns/op"); ns > 0 {
			return 1e9 / ns
		}
		return 0
	}
	return median(r.metrics[name][metric])
}

// median returns the median of v, 0 when it is empty.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// peak returns the highest rate of fused multiply-adds of the machine's paths.
func (r *results) peak() float64 {
	peak := 0.0
	for _, name := range r.names {
		if belongs(name, "Peak") {
			peak = max(peak, r.median(name, "GFLOP/s"))
		}
	}
	return peak
}

// belongs reports whether a benchmark is one of the named function's.
func belongs(name, function string) bool {
	return name == function || strings.HasPrefix(name, function+"/")
}

// workers returns the number of workers that a benchmark's name states.
func workers(name string) int {
	if _, n, ok := strings.Cut(name, "workers="); ok {
		if v, err := strconv.Atoi(n); err == nil {
			return v
		}
	}
	return 1
}
