package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// scores prints, for each noise, the median errors of the methods' scores at each level.
func scores(w io.Writer, all []*result) {
	fmt.Fprintln(w, "\nerror of ∇ log p(y | x_t) relative to its size, median over observations")
	group := func(r *result) string {
		if r.nonlinear {
			return r.name
		}
		return fmt.Sprintf("± %g", r.noise)
	}
	var groups []string
	for _, r := range all {
		if g := group(r); !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	for _, g := range groups {
		fmt.Fprintf(w, "%s, at σ/α =", g)
		for _, level := range levels {
			fmt.Fprintf(w, "\t%g", level)
		}
		fmt.Fprintln(w)
		for i, m := range methods() {
			if m.by != nil {
				continue
			}
			fmt.Fprint(w, m.name)
			for l := range levels {
				var values []float64
				for _, r := range all {
					if group(r) == g {
						values = append(values, r.errors[i][l])
					}
				}
				slices.Sort(values)
				fmt.Fprintf(w, "\t%s", short(values[len(values)/2]))
			}
			fmt.Fprintln(w)
		}
	}
}

// distances prints the distances of the samples with a budget, a line for each kind of
// observation, and in the last line how many times farther from exact draws they are than
// other exact draws, a geometric mean.
func distances(w io.Writer, all []*result, b int) {
	fmt.Fprintf(w, "\nsliced W₂ to exact draws, %d evaluations\texact draws\texact score", budgets[b])
	columns := []func(r *result) float64{func(r *result) float64 { return r.exact }, func(r *result) float64 { return r.sampled[b] }}
	for i, m := range methods() {
		fmt.Fprintf(w, "\t%s", m.name)
		columns = append(columns, func(r *result) float64 { return r.distances[i][b] })
	}
	fmt.Fprintln(w, "\tprior")
	columns = append(columns, func(r *result) float64 { return r.prior })
	name := func(r *result) string { return fmt.Sprintf("%d columns, %s ± %g", r.d, r.name, r.noise) }
	for i := 0; i < len(all); {
		k := i
		for k < len(all) && name(all[k]) == name(all[i]) {
			k++
		}
		fmt.Fprint(w, name(all[i]))
		for _, c := range columns {
			fmt.Fprintf(w, "\t%s", short(mean(all[i:k], c)))
		}
		fmt.Fprintln(w)
		i = k
	}
	fmt.Fprint(w, "times farther than exact draws")
	for _, c := range columns {
		fmt.Fprintf(w, "\t%s", short(math.Exp(mean(all, func(r *result) float64 { return math.Log(c(r) / r.exact) }))))
	}
	fmt.Fprintln(w)
}

func mean(all []*result, of func(r *result) float64) float64 {
	var values []float64
	for _, r := range all {
		values = append(values, of(r))
	}
	return floats.Sum(values) / float64(len(values))
}

// short prints a number to three decimals, its size when it is large, and a dash where
// samples were lost.
func short(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "–"
	case v < 9.9995:
		return fmt.Sprintf("%.3f", v)
	}
	return fmt.Sprintf("%.0e", v)
}
