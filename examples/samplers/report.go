package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// print writes the tables.
func (t *table) print(stdout io.Writer) error {
	fmt.Fprintf(stdout, "exact scores on the VP process, seed %d; the final denoise is one of the evaluations\n", t.job.seed)

	fmt.Fprintf(stdout, "\nOn a line: root mean square error of %d paths\n\n", quantileCount)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	heads(w)
	for _, r := range t.fixed {
		if !r.noise {
			row(w, r.name, r.onLine, "%.1e")
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "The exact flow keeps %.1e from the data, for it stops at σ/α = 0.01.\n", t.left)

	fmt.Fprintf(stdout, "\nIn the plane: sliced Wasserstein-2 distance between %d samples and true ones\n\n", t.job.n)
	heads(w)
	for _, r := range t.fixed {
		if !r.noise {
			row(w, r.name, r.onPlane, "%.3f")
		}
	}
	fmt.Fprintf(w, "with noise:\n")
	for _, r := range t.fixed {
		if r.noise {
			row(w, r.name, r.onPlane, "%.3f")
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Two true samples are %.3f ± %.3f apart.\n", t.floor, t.spread)

	fmt.Fprint(stdout, "\nAdaptive methods: mean evaluations a sample\n\n")
	fmt.Fprintln(w, "method\ttolerance\tline\terror\tplane\tdistance")
	for _, r := range t.adaptive {
		for k, p := range r.onPlane {
			fmt.Fprintf(w, "%s\t%.0e\t", r.name, r.runs[k].tolerance)
			if r.noise {
				fmt.Fprint(w, "\t\t")
			} else {
				fmt.Fprintf(w, "%.1f\t%.1e\t", r.onLine[k].evaluations, r.onLine[k].err)
			}
			fmt.Fprintf(w, "%.1f\t%.3f\n", p.evaluations, p.err)
		}
	}
	return w.Flush()
}

func heads(w io.Writer) {
	fmt.Fprint(w, "evaluations, at most")
	for _, b := range budgets {
		fmt.Fprintf(w, "\t%d", b)
	}
	fmt.Fprintln(w)
}

func row(w io.Writer, name string, points []point, format string) {
	fmt.Fprint(w, name)
	for _, p := range points {
		fmt.Fprintf(w, "\t"+format, p.err)
	}
	fmt.Fprintln(w)
}
