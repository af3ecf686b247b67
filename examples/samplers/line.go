package main

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// line is a mixture of three normals on the line. The probability flow between
// two times keeps the order of points on a line, and so takes every quantile of
// the one marginal to the same quantile of the other: where a path ends is known
// without solving anything.
type line struct {
	problem    sde.Problem
	start, end *mat.Dense // quantiles at the grid's first time, and those at its last denoised
	// left is the distance that the exact flow keeps from the data because it
	// stops at the grid's last time and takes the denoised state.
	left float64
}

var (
	weights = []float64{0.5, 0.3, 0.2}
	means   = []float64{-1, 0.3, 1.2}
	spreads = []float64{0.2, 0.1, 0.3}
)

// newLine takes n quantiles, the middles of n equal parts.
func newLine(p sde.SDE, n int) (*line, error) {
	law, err := dataset.NewIsotropicMixture(weights, mat.NewDense(len(means), 1, means), spreads, nil)
	if err != nil {
		return nil, err
	}
	l := &line{problem: sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse)}}
	times := grid.Default(p, 2)
	l.start = quantiles(p, times[0], n)
	l.end = quantiles(p, times[1], n)
	α, σ := p.Kernel(times[1])
	s := mat.NewDense(n, 1, nil)
	l.problem.Score.Score(s, l.end, times[1:])
	s.Scale(σ*σ, s)
	l.end.Add(l.end, s)
	l.end.Scale(1/α, l.end)
	l.left = rms(l.end, quantiles(p, 0, n))
	return l, nil
}

// quantiles are those of x_t, by bisection.
func quantiles(p sde.SDE, t float64, n int) *mat.Dense {
	α, σ := p.Kernel(t)
	cdf := func(x float64) (q float64) {
		for i, w := range weights {
			q += w * distuv.UnitNormal.CDF((x-α*means[i])/math.Hypot(α*spreads[i], σ))
		}
		return q
	}
	x := mat.NewDense(n, 1, nil)
	for i := range n {
		lo, hi := -10., 10.
		for range 100 {
			if mid := (lo + hi) / 2; cdf(mid) < (float64(i)+0.5)/float64(n) {
				lo = mid
			} else {
				hi = mid
			}
		}
		x.Set(i, 0, lo)
	}
	return x
}

// measure returns the root mean square error of the ends of the paths.
func (l *line) measure(ctx context.Context, r run) (point, error) {
	x := mat.DenseCopyOf(l.start)
	s := r.settings
	s.Workers = 1
	evaluations, err := counted(l.problem, x, func(p sde.Problem) error {
		return sampler.Continue(ctx, x, p, r.predictor, &s)
	})
	if err != nil {
		return point{}, err
	}
	return point{evaluations, rms(x, l.end)}, nil
}

func rms(x, y *mat.Dense) float64 {
	n, _ := x.Dims()
	var d mat.Dense
	d.Sub(x, y)
	return mat.Norm(&d, 2) / math.Sqrt(float64(n))
}
