package main

import (
	"context"

	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// gap returns the mean of log p(x) − log p_model(x) over n draws of the data,
// and its standard error: an estimate of the Kullback–Leibler divergence of the
// probability flow from the data. Taken on the same points, the noise of the
// entropy cancels.
func gap(ctx context.Context, m *score.Model, law dataset.Diffusible, n, workers int) (mean, stderr float64, err error) {
	x := dataset.Sample(law, n)
	diff := make([]float64, n)
	problem := m.Problem()
	if _, err := sampler.LogProb(ctx, diff, x, problem, &sampler.FlowSettings{Workers: workers}); err != nil {
		return 0, 0, err
	}
	for i := range diff {
		diff[i] = law.LogProb(x.RawRowView(i)) - diff[i]
	}
	mean, std := stat.MeanStdDev(diff, nil)
	return mean, stat.StdErr(std, float64(n)), nil
}
