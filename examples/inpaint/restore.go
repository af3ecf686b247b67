package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// draws is the number of draws of each posterior. Among the truth and 19 exact draws
// each is equally often the first, the second, and so on, so that the intervals between
// draws hold the truth in a whole number of twentieths of all cases.
const draws = 19

// restorer draws images given what is left of them.
type restorer struct {
	name string
	// restore returns draws of the first row of y, then those of the second, and so on,
	// and how many scores, and products with the Jacobian of one, each took.
	restore func(p problem, y *mat.Dense) (x *mat.Dense, scores, products float64, err error)
}

// methods are those of posterior, by the name of the flag, and the settings of two of them
// that did better in few steps with a network (see README.md).
var methods = []struct {
	flag, name string
	posterior.Method
}{
	{"mmps", "MMPS, 2 iterations", posterior.MMPS{Iterations: 2}},
	{"mmps", "MMPS, 5 iterations", posterior.MMPS{Iterations: 5}},
	{"pigdm", "ΠGDM", posterior.PiGDM{}},
	{"tmpd", "TMPD", posterior.TMPD{}},
	{"dps", "DPS", posterior.DPS{}},
	{"dps", "DPS, ζ = 0.3", posterior.DPS{Step: 0.3}},
}

// guided restores with a score as the prior.
func (j *job) guided(name string, method posterior.Method, prior sde.Problem) restorer {
	return restorer{name, func(p problem, y *mat.Dense) (*mat.Dense, float64, float64, error) {
		pull, ok := sde.As[sde.Pullback](prior.Score)
		if !ok {
			return nil, 0, 0, fmt.Errorf("a %T has no products with its Jacobian", prior.Score)
		}
		work, from := &counted{Pullback: pull}, prior
		from.Score, from.Origin = work, nil
		n, out := y.Dims()
		each := mat.NewDense(n*draws, out, nil)
		for i := range n * draws {
			each.SetRow(i, y.RawRowView(i/draws))
		}
		q, err := method.Given(from, posterior.Observation{Operator: p.linear, Y: each, Noise: posterior.Noise{Deviation: j.noise}})
		if err != nil {
			return nil, 0, 0, err
		}
		in, _ := p.linear.Dims()
		x := mat.NewDense(n*draws, in, nil)
		err = sampler.Sample(context.Background(), x, q, sampler.DPMpp2MSDE{}, &sampler.Settings{
			Grid: grid.Conditional(q, j.points), Seed: j.seed, Workers: j.workers,
		})
		rows := float64(n * draws)
		return x, float64(work.scores.Load()) / rows, float64(work.products.Load()) / rows, err
	}}
}

// counted counts the rows that a score is evaluated for.
type counted struct {
	sde.Pullback
	scores, products atomic.Int64
}

// Score implements sde.Scorer.
func (c *counted) Score(dst, x *mat.Dense, t []float64) {
	c.scores.Add(int64(x.RawMatrix().Rows))
	c.Pullback.Score(dst, x, t)
}

// VJP implements sde.Pullback.
func (c *counted) VJP(dst, jtu, x, u *mat.Dense, t []float64) {
	c.products.Add(int64(x.RawMatrix().Rows))
	c.Pullback.VJP(dst, jtu, x, u, t)
}

// normal restores by the exact posterior of a normal law with the mean and the
// covariance of images.
func (j *job) normal(known *mat.Dense) restorer {
	return restorer{"normal prior, exact", func(p problem, y *mat.Dense) (*mat.Dense, float64, float64, error) {
		_, d := known.Dims()
		mean, cov := mat.NewDense(1, d, nil), mat.NewSymDense(d, nil)
		for k := range d {
			mean.Set(0, k, stat.Mean(mat.Col(nil, k, known), nil))
		}
		stat.CovarianceMatrix(cov, known, nil)
		prior, err := dataset.NewMixture([]float64{1}, mean, []*mat.SymDense{cov}, nil)
		if err != nil {
			return nil, 0, 0, err
		}
		n, out := y.Dims()
		noise := mat.NewDiagDense(out, nil)
		for k := range out {
			noise.SetDiag(k, j.noise*j.noise)
		}
		x := mat.NewDense(n*draws, d, nil)
		for i := range n {
			q, err := prior.Observe(p.linear.Matrix(), y.RawRowView(i), noise, rand.NewPCG(j.seed, uint64(i)))
			if err != nil {
				return nil, 0, 0, err
			}
			for k := range draws {
				q.Rand(x.RawRowView(i*draws + k))
			}
		}
		return x, 0, 0, nil
	}}
}

// nearest restores by the known images of which the same is left, or what differs least.
func nearest(known *mat.Dense) restorer {
	return restorer{fmt.Sprintf("%d nearest pictures", draws), func(p problem, y *mat.Dense) (*mat.Dense, float64, float64, error) {
		n, d := known.Dims()
		rows, out := y.Dims()
		seen, x := mat.NewDense(n, out, nil), mat.NewDense(rows*draws, d, nil)
		p.linear.Apply(seen, known)
		far, index := make([]float64, n), make([]int, n)
		for i := range rows {
			for k := range n {
				far[k], index[k] = squared(seen.RawRowView(k), y.RawRowView(i)), k
			}
			slices.SortStableFunc(index, func(a, b int) int { return cmp.Compare(far[a], far[b]) })
			for k := range draws {
				x.SetRow(i*draws+k, known.RawRowView(index[k%n]))
			}
		}
		return x, 0, 0, nil
	}}
}

// squared returns ‖a − b‖².
func squared(a, b []float64) float64 {
	sum := 0.0
	for k, v := range a {
		sum += (v - b[k]) * (v - b[k])
	}
	return sum
}
