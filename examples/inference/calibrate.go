package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/calibration"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/score/inference"
)

// perTrial is the number of draws of each posterior that calibration looks at.
const perTrial = 99

// calibrate tests the posteriors of held-out records, whose parameters are known.
func (j *job) calibrate(ctx context.Context, stdout io.Writer, post *inference.Posterior, held *inference.Pairs) error {
	all, _ := held.X.Dims()
	n := min(j.trials, all)
	t := &calibration.Trials{
		Theta: mat.DenseCopyOf(held.Theta.Slice(0, n, 0, parameters)), X: mat.DenseCopyOf(held.X.Slice(0, n, 0, j.days)),
		Draws: mat.NewDense(n*perTrial, parameters, nil), Names: names,
	}
	each := mat.NewDense(n*perTrial, j.days, nil)
	for i := range n * perTrial {
		each.SetRow(i, t.X.RawRowView(i/perTrial))
	}
	view, err := post.Given(each)
	if err != nil {
		return err
	}
	s := &inference.SampleSettings{}
	s.Seed, s.Workers = j.seed+1, j.workers
	if err := view.Sample(ctx, t.Draws, s); err != nil {
		return err
	}
	settings := &calibration.Settings{Seed: j.seed}
	ranks, err := calibration.SBC(t, t.Products(), settings)
	if err != nil {
		return err
	}
	anywhere, err := calibration.TARP(t, nil, settings)
	if err != nil {
		return err
	}
	others, err := calibration.Nearest(mat.DenseCopyOf(held.Theta.Slice(n, all, 0, parameters)), mat.DenseCopyOf(held.X.Slice(n, all, 0, j.days)))
	if err != nil {
		return err
	}
	nearest, err := calibration.TARP(t, others, settings)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "\nranks of the truth in %d held-out simulations, %d draws each\n", n, perTrial)
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tmean rank (0.5)\tspread (1)\tP by χ²\tP by the band")
	for _, q := range ranks.Quantities {
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\t%.3f\n", q.Name, q.Mean, q.Spread, q.ChiSquared.Adjusted, q.ECDFTest.Adjusted)
	}
	fmt.Fprintf(w, "all\t\t\t%.3f\t%.3f\n", ranks.ChiSquaredP, ranks.ECDFP)
	fmt.Fprintf(w, "coverage of balls round random points\t\t\t%.3f\t%.3f\n", anywhere.ChiSquaredP, anywhere.ECDFP)
	fmt.Fprintf(w, "… and round the nearest other simulation\t\t\t%.3f\t%.3f\n", nearest.ChiSquaredP, nearest.ECDFP)
	if err := w.Flush(); err != nil || j.calibration == "-" {
		return err
	}
	var rows [2][]figure.Panel
	for k := range parameters {
		rows[0] = append(rows[0], figure.RankHistogram(ranks, k))
	}
	rows[1] = []figure.Panel{figure.ECDFDifference(ranks), figure.CoverageCurve(anywhere), figure.CoverageCurve(nearest)}
	rows[1][0].Title = "all ranks" + strings.TrimPrefix(rows[1][0].Title, "ranks")
	rows[1][1].Title += ", random points"
	rows[1][2].Title += ", nearest simulations"
	return figure.Save(j.calibration, rows[:], 1440, 900)
}
