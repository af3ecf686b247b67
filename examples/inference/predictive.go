package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/calibration"
	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/score/inference"
)

// check compares the record with what the simulator makes before and after it is fitted,
// and likewise the same record from an office that writes once a week, of which the
// simulator knows nothing.
func (j *job) check(ctx context.Context, stdout io.Writer, post *inference.Posterior, held *inference.Pairs, x []float64) error {
	theta := mat.NewDense(j.draws, parameters, nil)
	fmt.Fprintln(stdout, "\nhow unlike simulations is the record?")
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tP among all simulations\tP among those of the posterior")
	var panels []figure.Panel
	var warnings []string
	for _, of := range []struct {
		name string
		x    []float64
	}{{"as it was kept", x}, {"written on Fridays", fridays(x)}} {
		view, err := post.Given(mat.NewDense(1, len(x), of.x))
		if err != nil {
			return err
		}
		for _, w := range view.Warnings {
			warnings = append(warnings, of.name+": "+w)
		}
		s := &inference.SampleSettings{}
		s.Seed, s.Workers = j.seed+2, j.workers
		if err := view.Sample(ctx, theta, s); err != nil {
			return err
		}
		replicas, err := j.repeat(theta, j.seed)
		if err != nil {
			return err
		}
		settings := &calibration.PredictiveSettings{Seed: j.seed}
		before, err := calibration.Predictive(of.x, held.X, settings)
		if err != nil {
			return err
		}
		after, err := calibration.Predictive(of.x, replicas, settings)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%.4f\t%.4f\n", of.name, before.P, after.P)
		panels = append(panels, band(of.name, of.x, replicas, before.P, after.P))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintln(stdout, w)
	}
	if j.predictive == "-" {
		return nil
	}
	return figure.Save(j.predictive, [][]figure.Panel{panels}, 1440, 560)
}

// fridays returns the record of an office that writes what it hears of in a week on Friday. The
// first day is a Saturday.
func fridays(x []float64) []float64 {
	late, week := make([]float64, len(x)), 0.
	for day, v := range x {
		if week += v; day%7 == 6 {
			late[day], week = week, 0
		}
	}
	return late
}

// repeat simulates with each of the parameters, and leaves out what fails.
func (o outbreak) repeat(theta *mat.Dense, seed uint64) (*mat.Dense, error) {
	n, _ := theta.Dims()
	x, good := mat.NewDense(n, o.days, nil), 0
	rng := rand.New(rand.NewPCG(seed, 3))
	for i := range n {
		if o.Simulate(x.RawRowView(good), theta.RawRowView(i), rng) == nil {
			good++
		}
	}
	if good == 0 {
		return nil, fmt.Errorf("none of %d draws of the posterior makes a record", n)
	}
	return x.Slice(0, good, 0, o.days).(*mat.Dense), nil
}
