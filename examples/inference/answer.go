package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"text/tabwriter"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/figure"
	"github.com/gradlogp/gradlogp/examples/internal/judge"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score/inference"
)

// answer draws parameters from the posterior of a record and finds the most probable ones.
// Without a likelihood this is all.
func (j *job) answer(ctx context.Context, stdout io.Writer, post *inference.Posterior, x []float64) error {
	view, err := post.Given(mat.NewDense(1, len(x), x))
	if err != nil {
		return err
	}
	theta := mat.NewDense(j.draws, parameters, nil)
	s := &inference.SampleSettings{}
	s.Seed, s.Workers = j.seed, j.workers
	if err := view.Sample(ctx, theta, s); err != nil {
		return err
	}
	best, logProb, err := view.MAP(ctx, &inference.MAPSettings{Seed: j.seed, Workers: j.workers})
	if err != nil {
		return err
	}
	return j.compare(ctx, stdout, view, x, theta, best, logProb)
}

// compare prints and draws what has been learned beside the exact posterior.
func (j *job) compare(ctx context.Context, stdout io.Writer, view *inference.View, x []float64, theta *mat.Dense, best []float64, logProb float64) error {
	logLikelihood := func(theta []float64) float64 { return j.logLikelihood(x, theta, math.Inf(-1)) }
	e, err := j.integrate(ctx, x, logLikelihood(truth)+leastLog, j.points, j.workers)
	if err != nil {
		return err
	}
	exactBest, err := e.best()
	if err != nil {
		return err
	}
	w, err := view.Weigh(ctx, mat.NewDense(j.draws, parameters, nil), logLikelihood, &sampler.FlowSettings{Seed: j.seed, Workers: j.workers})
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\ttruth\tlearned\texact\tmost probable\texact")
	for k, name := range names {
		mean, deviation := stat.MeanStdDev(mat.Col(nil, k, theta), nil)
		exactMean, exactDeviation := e.moments(k)
		fmt.Fprintf(t, "%s\t%g\t%.3f ± %.3f\t%.3f ± %.3f\t%.3f\t%.3f\n", name, truth[k], mean, deviation, exactMean, exactDeviation, best[k], exactBest[k])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	draws := e.draws(j.draws, rand.New(rand.NewPCG(j.seed, 2)))
	fmt.Fprintf(stdout, "log p(θ|x) there: learned %.2f, exact %.2f, at the exact maximum %.2f\n", logProb, e.logDensity(best), e.logDensity(exactBest))
	fmt.Fprintf(stdout, "C2ST between learned and exact draws: %.3f\n", judge.C2ST(draws, theta, j.seed, j.workers))
	fmt.Fprintf(stdout, "%d draws weighed by the likelihood are worth %.0f of the exact posterior; log p(x) = %.3f ± %.3f, exact %.3f\n",
		j.draws, w.Effective, w.LogEvidence, w.StdErr, e.logEvidence)
	if j.out == "-" {
		return nil
	}
	return figure.Save(j.out, e.picture(theta, best), 1000, 1000)
}
