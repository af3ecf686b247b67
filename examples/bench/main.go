// Command bench prints the speed table: training steps, score evaluations,
// divergences, samples, log-densities, convolutions and attention a second, beside the
// machine's peak of fused multiply-adds and, when given, a peer's figures.
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
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// unit is a group of benchmarks and how their rows are counted.
type unit struct {
	bench string // function
	pkg   string // that has it
	title string
	rate  string // the metric to show; empty for calls a second
	alone string // benchmark whose memory is measured; empty for none
}

var units = []unit{
	{"FitStep", "score", "training, steps/s", "", "S/workers=2"},
	{"FitStepBFloat16", "score", "training with products of bfloat16, steps/s", "", ""},
	{"Score", "score", "score, rows/s", "rows/s", ""},
	{"Divergence", "score", "divergence, rows/s", "rows/s", ""},
	{"Sample", "score", "sampling, samples/s", "samples/s", "Heun/steps=18/workers=2"},
	{"LogProb", "score", "log-density, points/s", "points/s", ""},
	{"Convolution", "nn/ad", "3×3 convolutions, pictures/s", "samples/s", "28×28×64/all/workers=2"},
	{"Attention", "nn/ad", "attention, sequences/s", "samples/s", "64×128/all/workers=2"},
	{"UNetStep", "score", "training U-Nets, steps/s", "", "28×28/workers=2"},
	{"UNetStepBFloat16", "score", "training U-Nets with products of bfloat16, steps/s", "", ""},
	{"UNetSample", "score", "sampling pictures, samples/s", "samples/s", "28×28/workers=2"},
}

// chosen returns the units with these names, separated by commas; all for none.
func chosen(groups string) ([]unit, error) {
	if groups == "" {
		return units, nil
	}
	var some []unit
	for name := range strings.SplitSeq(groups, ",") {
		i := slices.IndexFunc(units, func(u unit) bool { return u.bench == name })
		if i < 0 {
			var names []string
			for _, u := range units {
				names = append(names, u.bench)
			}
			return nil, fmt.Errorf("-groups: there is no %q, want some of %s", name, strings.Join(names, ","))
		}
		some = append(some, units[i])
	}
	return some, nil
}

func main() {
	groups := flag.String("groups", "", "names of groups of benchmarks to run, separated by commas, such as Convolution,Attention; all when empty")
	rounds := flag.Int("rounds", 3, "rounds of all benchmarks, of which the median is shown")
	benchtime := flag.String("time", "500ms", "time of each benchmark in a round")
	p := new(peer)
	flag.StringVar(&p.file, "peer", "", "JSON file with a peer's figures: {\"name\": …, \"figures\": {\"FitStep/S/workers=1\": steps a second, …}}")
	flag.StringVar(&p.command, "peer-command", "", "program that measures and prints such figures; in each round it is run with the name of every group of benchmarks, such as FitStep, as its argument")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Stderr, *groups, *rounds, *benchtime, p); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, stdout, stderr io.Writer, groups string, rounds int, benchtime string, p *peer) error {
	if rounds < 1 {
		return fmt.Errorf("-rounds %d: want at least 1", rounds)
	}
	units, err := chosen(groups)
	if err != nil {
		return err
	}
	if err := p.read(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	const kernels = "nn/internal/kernel"
	binaries := map[string]string{kernels: filepath.Join(dir, "peak.test")}
	for _, u := range units {
		binaries[u.pkg] = filepath.Join(dir, path.Base(u.pkg)+".test")
	}
	for pkg, binary := range binaries {
		build := exec.CommandContext(ctx, "go", "test", "-c", "-o", binary, "github.com/gradlogp/gradlogp/"+pkg)
		build.Stderr = stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building the benchmarks of %s: %w", pkg, err)
		}
	}
	r := newResults()
	for round := range rounds {
		fmt.Fprintf(stderr, "round %d of %d\n", round+1, rounds)
		if _, err := r.measure(ctx, binaries[kernels], "Peak", benchtime); err != nil {
			return err
		}
		for _, u := range units {
			if _, err := r.measure(ctx, binaries[u.pkg], u.bench, benchtime); err != nil {
				return err
			}
			if _, err := p.measure(ctx, stderr, u.bench); err != nil {
				return err
			}
		}
	}
	if err := r.report(stdout, units, p); err != nil {
		return err
	}
	for _, u := range units {
		if u.alone == "" {
			continue
		}
		name := u.bench + "/" + u.alone
		size, err := newResults().measure(ctx, binaries[u.pkg], name, benchtime)
		if err != nil {
			return err
		}
		other, err := p.measure(ctx, stderr, name)
		if err != nil {
			return err
		}
		reportMemory(stdout, name, size, p.name, other)
	}
	return nil
}

// reportMemory prints the resident memory of a benchmark alone where it is known.
func reportMemory(w io.Writer, name string, size int64, peer string, other int64) {
	if size == 0 {
		return
	}
	fmt.Fprintf(w, "resident memory of %s: %d MB", name, size>>20)
	if other > 0 {
		fmt.Fprintf(w, "; %s: %d MB", peer, other>>20)
	}
	fmt.Fprintln(w)
}

// report prints the tables.
func (r *results) report(stdout io.Writer, units []unit, p *peer) error {
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
	return w.Flush()
}
