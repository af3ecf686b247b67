// Package judge holds the two-sample test that posteriors of simulators are compared by
// in the literature: C2ST of "Benchmarking Simulation-Based Inference" (Lueckmann et al.
// 2021, arXiv:2101.04653).
package judge

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/examples/internal/learn"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/score"
)

// Settings of the classifier, those of the paper's program: Adam as it is usual, batches of
// 200 and a rate of 1e-3, until the loss of ten epochs has not been 1e-4 below the best.
const (
	folds    = 5
	batch    = 200
	rate     = 1e-3
	patience = 10
	progress = 1e-4
	epochs   = 1000
)

// C2ST returns the share of right answers, the mean of five folds, of a classifier with two
// hidden layers of 10 d units that is asked which of two samples of d columns a row is of:
// ½ for samples of one law, 1 for samples apart. Rows are standardised by the reference's
// moments. The number of workers does not change the result.
func C2ST(reference, x *mat.Dense, seed uint64, workers int) float64 {
	n, d := reference.Dims()
	m, _ := x.Dims()
	rows, labels := make([]float32, (n+m)*d), make([]float32, n+m)
	column := make([]float64, n)
	for j := range d {
		mean, deviation := stat.MeanStdDev(mat.Col(column, j, reference), nil)
		for i := range n {
			rows[i*d+j] = float32((reference.At(i, j) - mean) / deviation)
		}
		for i := range m {
			rows[(n+i)*d+j] = float32((x.At(i, j) - mean) / deviation)
		}
	}
	for i := range m {
		labels[n+i] = 1
	}
	order := rand.New(rand.NewPCG(seed, 1)).Perm(n + m)
	right := make([]float64, folds)
	pool.New(workers).Each(folds, func(_, f int) {
		var train, test []int
		for k, i := range order {
			if k*folds/len(order) == f {
				test = append(test, i)
			} else {
				train = append(train, i)
			}
		}
		c := fit(rows, labels, train, d, seed+uint64(f))
		right[f] = c.right(rows, labels, test)
	})
	return stat.Mean(right, nil)
}

// classifier has learned which sample a row is of.
type classifier struct {
	d       int
	program *ad.Program[float32]
	weights ad.Weights[float32]
}

// fit learns from the rows of an index.
func fit(rows, labels []float32, index []int, d int, seed uint64) *classifier {
	net := nn.Sequential{
		nn.Linear{Out: 10 * d, Init: nn.He{}}, nn.ReLU{}, nn.Linear{Out: 10 * d, Init: nn.He{}}, nn.ReLU{}, nn.Linear{Out: 1, Init: nn.LeCun{}},
	}
	x, label := ad.Input("x", d), ad.Input("label", 1)
	params := &nn.Params{}
	z := net.Apply(nn.NewBuild(params), x)
	loss := ad.Sub(ad.Softplus(z), ad.Mul(label, z)) // cross-entropy

	rng := rand.New(rand.NewPCG(seed, 2))
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	size, next := min(batch, len(index)), len(index)
	steps := max(1, len(index)/size)
	theta := learn.Minimise(ctx, params, loss, []*ad.Expr{x, label}, func(b [][]float32) {
		if next+size > len(index) {
			rng.Shuffle(len(index), func(i, j int) { index[i], index[j] = index[j], index[i] })
			next = 0
		}
		for k, i := range index[next : next+size] {
			copy(b[0][k*d:(k+1)*d], rows[i*d:(i+1)*d])
			b[1][k] = labels[i]
		}
		next += size
	}, &learn.Settings{
		Steps: epochs * steps, Batch: size, Rate: optim.Constant(rate), Optimizer: &optim.Adam[float32]{Beta1: 0.9, Beta2: 0.999},
		Seed: seed, Recorder: &watch{steps: steps, best: math.Inf(1), stop: stop},
	})
	c := &classifier{d: d, program: ad.Compile[float32]([]*ad.Expr{net.Apply(nn.NewBuild(params), x)}, []*ad.Expr{x})}
	c.program.Pack(&c.weights, theta, nil)
	return c
}

// watch ends a training when the loss of an epoch no longer falls.
type watch struct {
	steps     int
	sum, best float64
	idle      int
	stop      func()
}

// Record implements score.Recorder.
func (w *watch) Record(m score.Metrics) error {
	w.sum += m.Loss / float64(w.steps)
	if m.Step%w.steps != 0 {
		return nil
	}
	if w.sum > w.best-progress {
		w.idle++
	} else {
		w.idle = 0
	}
	w.best, w.sum = min(w.best, w.sum), 0
	if w.idle > patience {
		w.stop()
	}
	return nil
}

// right returns the share of rows of an index that the classifier is right about.
func (c *classifier) right(rows, labels []float32, index []int) float64 {
	x, z := make([]float32, len(index)*c.d), make([]float32, len(index))
	for k, i := range index {
		copy(x[k*c.d:(k+1)*c.d], rows[i*c.d:(i+1)*c.d])
	}
	c.program.Run(len(index), &c.weights, nil, [][]float32{z}, [][]float32{x}, nil)
	right := 0.0
	for k, i := range index {
		if (z[k] > 0) == (labels[i] == 1) {
			right += 1 / float64(len(index))
		}
	}
	return right
}
