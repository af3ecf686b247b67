package main

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// plane is a mixture of three normals in the plane, and a sample of it with
// which others are compared. The modes overlap a little: between modes that do
// not, the share of each in a sample would be all that the distance sees.
type plane struct {
	problem    sde.Problem
	n          int
	seed       uint64
	directions *mat.Dense
	truth      [][]float64 // the sample projected on each direction
}

// mixture has variances of about 1.
func mixture(src rand.Source) (*dataset.Mixture, error) {
	means := mat.NewDense(3, 2, []float64{-0.8, -0.3, 0.4, 0.9, 1.1, -0.6})
	return dataset.NewIsotropicMixture([]float64{0.5, 0.3, 0.2}, means, []float64{0.5, 0.1, 0.3}, src)
}

func newPlane(p sde.SDE, n int, seed uint64) (*plane, error) {
	law, err := mixture(nil)
	if err != nil {
		return nil, err
	}
	l := &plane{
		problem:    sde.Problem{SDE: p, Score: sde.Analytic(p, law.Diffuse)},
		n:          n,
		seed:       seed,
		directions: twosample.Directions(32, 2, 0),
	}
	l.truth, err = l.fresh(0)
	return l, err
}

// fresh returns the i-th true sample, projected on the directions.
func (l *plane) fresh(i uint64) ([][]float64, error) {
	law, err := mixture(rand.NewPCG(l.seed, i))
	if err != nil {
		return nil, err
	}
	return l.project(dataset.Sample(law, l.n)), nil
}

// project returns the rows' coordinates along each direction.
func (l *plane) project(x *mat.Dense) [][]float64 {
	var y mat.Dense
	y.Mul(l.directions, x.T())
	k, _ := y.Dims()
	rows := make([][]float64, k)
	for i := range rows {
		rows[i] = y.RawRowView(i)
	}
	return rows
}

// distance returns the sliced Wasserstein-2 distance of two projected samples.
func distance(a, b [][]float64) float64 {
	sum := 0.0
	for k := range a {
		sum += twosample.W2Squared(a[k], b[k])
	}
	return math.Sqrt(sum / float64(len(a)))
}

// measure returns the distance of n samples from the true ones.
func (l *plane) measure(ctx context.Context, r run) (point, error) {
	x := mat.NewDense(l.n, 2, nil)
	s := r.settings
	s.Seed, s.Workers = l.seed, 1
	evaluations, err := counted(l.problem, x, func(p sde.Problem) error {
		return sampler.Sample(ctx, x, p, r.predictor, &s)
	})
	if err != nil {
		return point{}, err
	}
	return point{evaluations, distance(l.project(x), l.truth)}, nil
}
