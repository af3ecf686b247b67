// Command bench prints the speed table: training steps, score evaluations,
// divergences, samples and log-densities a second, beside the machine's peak of fused
// multiply-adds and, when given, a peer's figures.
//
// It builds the benchmarks of the packages, runs them in turn, several rounds of
// all, each group followed by the peer's, and prints medians: what disturbs the
// machine for a while disturbs all alike. It has to be started within the
// repository.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"text/tabwriter"
)

// unit is a group of benchmarks and how their rows are counted.
type unit struct {
	bench string // pattern
	title string
	rate  string // the metric to show; empty for calls a second
}

var units = []unit{
	{"FitStep", "training, steps/s", ""},
	{"Score", "score, rows/s", "rows/s"},
	{"Divergence", "divergence, rows/s", "rows/s"},
	{"Sample", "sampling, samples/s", "samples/s"},
	{"LogProb", "log-density, points/s", "points/s"},
}

func main() {
	rounds := flag.Int("rounds", 3, "rounds of all benchmarks, of which the median is shown")
	benchtime := flag.String("time", "500ms", "time of each benchmark in a round")
	p := new(peer)
	flag.StringVar(&p.file, "peer", "", "JSON file with a peer's figures: {\"name\": …, \"figures\": {\"FitStep/S/workers=1\": steps a second, …}}")
	flag.StringVar(&p.command, "peer-command", "", "program that measures and prints such figures; in each round it is run with the name of every group of benchmarks, such as FitStep, as its argument")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Stderr, *rounds, *benchtime, p); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout, stderr io.Writer, rounds int, benchtime string, p *peer) error {
	if rounds < 1 {
		return fmt.Errorf("-rounds %d: want at least 1", rounds)
	}
	if err := p.read(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	scores, kernels := filepath.Join(dir, "score.test"), filepath.Join(dir, "kernel.test")
	for binary, pkg := range map[string]string{scores: "score", kernels: "nn/internal/kernel"} {
		build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "github.com/gradlogp/gradlogp/"+pkg)
		build.Stderr = stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building the benchmarks of %s: %w", pkg, err)
		}
	}
	r := newResults()
	for round := range rounds {
		fmt.Fprintf(stderr, "round %d of %d\n", round+1, rounds)
		if _, err := r.measure(ctx, kernels, "Peak", benchtime); err != nil {
			return err
		}
		for _, u := range units {
			if _, err := r.measure(ctx, scores, u.bench, benchtime); err != nil {
				return err
			}
			if err := p.measure(ctx, stderr, u.bench); err != nil {
				return err
			}
		}
	}
	return r.report(ctx, stdout, scores, p)
}

// report prints the tables.
func (r *results) report(ctx context.Context, stdout io.Writer, scores string, p *peer) error {
	peak := r.peak()
	fmt.Fprintf(stdout, "%s/%s, %s, %d processors; peak of one core %.0f GFLOP/s\n\n", runtime.GOOS, runtime.GOARCH, r.cpu, runtime.NumCPU(), peak)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, u := range units {
		fmt.Fprintf(w, "%s\t\tGFLOP/s\tof peak\t%s\tratio\t\n", u.title, p.name)
		for _, name := range r.names {
			if !belongs(name, u.bench) {
				continue
			}
			value := r.median(name, u.rate)
			fmt.Fprintf(w, "%s\t%.4g\t", name, value)
			if g := r.median(name, "GFLOP/s"); g > 0 && peak > 0 {
				fmt.Fprintf(w, "%.1f\t%.0f %%\t", g, 100*g/(peak*float64(workers(name))))
			} else {
				fmt.Fprint(w, "\t\t")
			}
			if other := median(p.figures[name]); other > 0 {
				fmt.Fprintf(w, "%.4g\t%.2f\t\n", other, value/other)
			} else {
				fmt.Fprint(w, "\t\t\n")
			}
		}
		fmt.Fprintln(w, "\t\t\t\t\t\t")
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, u := range []struct{ bench, title string }{
		{"FitStep/S/workers=2", "training with the S network"},
		{"Sample/Heun/steps=18/workers=2", "drawing 10,000 samples with it"},
	} {
		size, err := r.measure(ctx, scores, u.bench, "500ms")
		if err != nil {
			return err
		}
		if size > 0 {
			fmt.Fprintf(stdout, "resident memory of %s: %d MB\n", u.title, size>>20)
		}
	}
	return nil
}
