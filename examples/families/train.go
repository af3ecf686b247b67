package main

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// trainer has the parameters of a model and their moving average, and moves them: the
// training loop of whatever has a loss.
type trainer struct {
	theta, shadow []float32
	batch         int
	crew          *pool.Crew
}

// player is one who moves some of the parameters by a loss of its own. A GAN has two,
// the other families one.
type player struct {
	program   *ad.Program[float32]
	weights   ad.Weights[float32]
	from, to  int
	grad      []float32
	out       [][]float32
	updater   *optim.Updater[float32]
	rate      optim.Rate
	stepsMade int
}

func newTrainer(p *nn.Params, s *setup) *trainer {
	initial := make([]float64, p.Len())
	p.Init(initial, rand.NewPCG(s.seed, 2))
	t := &trainer{theta: make([]float32, p.Len()), shadow: make([]float32, p.Len()), batch: s.batch, crew: pool.New(s.workers)}
	for i, v := range initial {
		t.theta[i] = float32(v)
	}
	return t
}

// player lets adam make the mean of a loss, a number a row, small by moving the entries
// first, …, last−1 of p. in are the leaves that a batch fills.
func (t *trainer) player(p *nn.Params, first, last int, loss *ad.Expr, in []*ad.Expr, adam optim.Adam[float32], rate optim.Rate) *player {
	mean := ad.Scale(1/float64(t.batch), ad.SumRows(loss))
	entries := p.Entries()[first:last]
	end := entries[len(entries)-1]
	k := &player{
		program: ad.Compile[float32](append([]*ad.Expr{mean}, ad.Grad(mean, p.Leaves()[first:last]...)...), in),
		from:    entries[0].Offset, to: end.Offset + end.Rows*end.Cols,
		updater: optim.NewUpdater(&adam, optim.EMA[float32]{}, t.crew), rate: rate,
	}
	k.grad, k.out = make([]float32, k.to-k.from), [][]float32{make([]float32, 1)}
	for _, e := range entries {
		k.out = append(k.out, k.grad[e.Offset-k.from:e.Offset-k.from+e.Rows*e.Cols])
	}
	return k
}

// move makes a step of a player.
func (t *trainer) move(k *player, in [][]float32) {
	k.program.Pack(&k.weights, t.theta, t.crew)
	k.program.Run(t.batch, &k.weights, nil, k.out, in, t.crew)
	k.updater.Clip(k.grad, 1)
	k.updater.Step(t.theta[k.from:k.to], k.grad, t.shadow[k.from:k.to], k.stepsMade, k.rate.At(k.stepsMade))
	k.stepsMade++
}

// feed fills the leaves of a step: rows of the data, standardised, numbers of the
// standard normal law, and one number that is the same for all rows.
type feed struct {
	s      *setup
	rng    *rand.Rand
	rows   *mat.Dense
	kinds  []*ad.Expr
	leaves [][]float32
	step   int
}

func newFeed(s *setup, in []*ad.Expr) *feed {
	f := &feed{s: s, rng: rand.New(rand.NewPCG(s.seed, 3)), rows: mat.NewDense(s.batch, s.dim, nil), kinds: in}
	for _, leaf := range in {
		n := s.batch
		if !leaf.PerRow() {
			n = 1
		}
		f.leaves = append(f.leaves, make([]float32, n*leaf.Cols()))
	}
	return f
}

// next fills the leaves: the first one with rows, common ones with a number.
func (f *feed) next(ctx context.Context, common float64) error {
	if err := f.s.data.Batch(f.rows, nil, f.step, 0, f.rng); err != nil {
		return err
	}
	f.step++
	f.s.standardise(f.leaves[0], f.rows)
	for k, leaf := range f.leaves[1:] {
		for i := range leaf {
			if leaf[i] = float32(common); f.kinds[k+1].PerRow() {
				leaf[i] = float32(f.rng.NormFloat64())
			}
		}
	}
	return ctx.Err()
}

// looks is how often a training is watched by held-out rows.
const looks = 40

// run makes the steps of a model with one player, whose leaves are the rows, normal
// numbers, if there are any, and, if one is the same for all rows, a weight that climbs to 1
// over a share of the run. Where rows are held out, the average whose loss of them was the
// least becomes the model.
func (t *trainer) run(ctx context.Context, s *setup, steps int, k *player, loss *ad.Expr, in []*ad.Expr, share float64) error {
	f, least, best := newFeed(s, in), math.Inf(1), t.shadow
	var held *feed
	var judge *evaluator
	if s.held != nil {
		aside := *s
		aside.data, aside.batch, aside.seed = s.held, 2048, s.seed+1
		held, judge = newFeed(&aside, in), newEvaluator([]*ad.Expr{loss}, in)
		if err := held.next(ctx, 1); err != nil {
			return err
		}
	}
	for step := range steps {
		if err := f.next(ctx, min(1, float64(step)/(share*float64(steps)))); err != nil {
			return err
		}
		t.move(k, f.leaves)
		if held != nil && (step+1)%max(1, steps/looks) == 0 {
			var sum float64
			for _, v := range judge.at(t, held.s.batch, held.leaves...)[0] {
				sum += float64(v)
			}
			if sum < least {
				least, best = sum, slices.Clone(t.shadow)
			}
		}
	}
	t.shadow = best
	return nil
}

// evaluator computes expressions of rows with the averaged parameters.
type evaluator struct {
	program *ad.Program[float32]
	weights ad.Weights[float32]
	out     []*ad.Expr
}

func newEvaluator(out, in []*ad.Expr) *evaluator {
	return &evaluator{program: ad.Compile[float32](out, in), out: out}
}

// at returns the numbers of each expression, row after row.
func (e *evaluator) at(t *trainer, n int, values ...[]float32) [][]float32 {
	e.program.Pack(&e.weights, t.shadow, t.crew)
	result := make([][]float32, len(e.out))
	for i, x := range e.out {
		result[i] = make([]float32, n*x.Cols())
	}
	e.program.Run(n, &e.weights, nil, result, values, t.crew)
	return result
}
