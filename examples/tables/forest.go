package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/boost"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// forest is the score of "Generating and Imputing Tabular Data via Diffusion and
// Flow-based Gradient-Boosted Trees" (arXiv:2309.09968), ForestFlow: at each of some
// times a regression with boosted trees for every column gives the velocity
// u = E[z − x₀ | x_t] of the flow on straight lines between data and noise. Between
// the times it is interpolated.
type forest struct {
	sde.Linear
	times []float64
	trees [][]*boost.Regressor
}

// The budget: the paper has 50 times and 100 noises for each row.
const (
	forestTimes = 20
	forestNoise = 100
	forestRows  = 20000 // noisy rows at a time, at least one for each row
)

// newForest fits the trees to standardised rows, at so many times to at least so many
// noisy rows each, up to forestNoise for each row.
func newForest(ctx context.Context, clean *mat.Dense, seed uint64, times, rows, workers int) (*forest, error) {
	n, d := clean.Dims()
	copies := min(forestNoise, max(1, rows/n))
	rng := rand.New(rand.NewPCG(seed, 7))
	f := &forest{}
	start, end := f.Span()
	noisy := mat.NewDense(copies*n, d, nil)
	velocity := make([][]float64, d)
	for c := range velocity {
		velocity[c] = make([]float64, copies*n)
	}
	for k := range times {
		t := start + (end-start)*float64(k)/float64(times-1)
		α, σ := f.Kernel(t)
		for r := range copies * n {
			for c := range d {
				z, x0 := rng.NormFloat64(), clean.At(r%n, c)
				noisy.Set(r, c, α*x0+σ*z)
				velocity[c][r] = z - x0
			}
		}
		bins := boost.Bin(noisy)
		trees := make([]*boost.Regressor, d)
		for c := range d {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var err error
			if trees[c], err = bins.Regression(nil, velocity[c], &boost.Settings{Workers: workers}); err != nil {
				return nil, err
			}
		}
		f.times, f.trees = append(f.times, t), append(f.trees, trees)
	}
	return f, nil
}

// forestFlow trains a forest and draws with Euler's method on its times.
func forestFlow(ctx context.Context, j *job, x *mat.Dense, seed uint64) (func(context.Context, *mat.Dense, uint64) error, error) {
	n, d := x.Dims()
	frame := sde.Frame{Shift: make([]float64, d), Scale: make([]float64, d)}
	for c := range d {
		frame.Shift[c], frame.Scale[c] = stat.MeanStdDev(mat.Col(nil, c, x), nil)
	}
	clean := mat.NewDense(n, d, nil)
	frame.ToModel(clean, x)
	f, err := newForest(ctx, clean, seed, forestTimes, forestRows, j.workers)
	if err != nil {
		return nil, err
	}
	grid := slices.Clone(f.times)
	slices.Reverse(grid)
	return func(ctx context.Context, x *mat.Dense, seed uint64) error {
		return sampler.Sample(ctx, x, sde.Problem{SDE: f.Linear, Score: f, Frame: frame}, sampler.Euler{},
			&sampler.Settings{Grid: grid, Seed: seed, Workers: j.workers})
	}, nil
}

// Score implements sde.Scorer.
func (f *forest) Score(dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	for from := 0; from < n; {
		at, to := t[0], n
		if len(t) > 1 {
			at = t[from]
			for to = from + 1; to < n && t[to] == at; to++ {
			}
		}
		rows := x.Slice(from, to, 0, d).(*mat.Dense)
		u := f.velocity(rows, at)
		onX, onU := sde.Between(f.Linear, at, sde.Velocity, sde.Score)
		for i := from; i < to; i++ {
			for c := range d {
				dst.Set(i, c, onX*x.At(i, c)+onU*u.At(i-from, c))
			}
		}
		from = to
	}
}

// velocity returns the velocities of rows at a time.
func (f *forest) velocity(x *mat.Dense, t float64) *mat.Dense {
	n, d := x.Dims()
	k := min(max(sort.SearchFloat64s(f.times, t), 1), len(f.times)-1)
	w := min(1, max(0, (t-f.times[k-1])/(f.times[k]-f.times[k-1])))
	u := mat.NewDense(n, d, nil)
	column := make([]float64, n)
	for c := range d {
		for _, side := range []struct {
			at     int
			weight float64
		}{{k - 1, 1 - w}, {k, w}} {
			if math.Abs(side.weight) < 1e-9 {
				continue
			}
			f.trees[side.at][c].Predict(column, x)
			for i, v := range column {
				u.Set(i, c, u.At(i, c)+side.weight*v)
			}
		}
	}
	return u
}
