package main

import (
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/score/record/bar"
)

// diffusion is a score model of windows as vectors.
type diffusion struct {
	vectors
	*score.Model
	job *job
}

// diffuse trains one. A chooser learns by cross-entropy, a network without a head by
// denoising score matching. The model keeps the vectors as they are. The noise is where
// they begin to tell symbols: below σ = 1 they say all, above 10 nothing.
func (j *job) diffuse(ctx context.Context, stderr io.Writer, train corpus, plain bool) (*diffusion, error) {
	v := vectorsOf(train)
	var net nn.Module = nn.Transformer{Size: []int{j.window}, Width: width, Blocks: blocks, Heads: heads, Relative: true}
	var loss score.Objective = score.DSM{}
	if !plain {
		net, loss = chooser{v, j.window, reader(j.window)}, crossEntropy{v, j.window}
	}
	m, err := score.New(j.window*kinds, &score.Config{Net: net, Seed: j.seed})
	if err != nil {
		return nil, err
	}
	progress := bar.New(stderr, j.steps)
	_, err = score.Fit(ctx, m, source{v, train, j.window}, &score.Settings{
		Steps: j.steps, Batch: j.batch, Independent: true, References: score.None, Scaling: score.Unscaled,
		Objective: loss, Times: score.LogNormal{Mean: 1.1, Std: 0.6},
		Rate: j.schedule(), EMA: 0.99, Workers: j.workers, Seed: j.seed, Recorder: progress,
	})
	progress.Close()
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	return &diffusion{v, m, j}, nil
}

// reader gives logits of each position from what stands at all of them. Its first layer
// looks at neighbours, and its last does not start at zero: else there would be nothing
// to learn at first, since what a position knows of itself the chooser knows already.
func reader(window int) nn.Module {
	size := []int{window}
	layers := nn.Sequential{nn.Conv{Size: size, Out: width, Kernel: []int{9}}}
	for range blocks {
		layers = append(layers, nn.TransformerBlock{Size: size, Heads: heads, Relative: true})
	}
	last := nn.Sequential{nn.LayerNorm{}, nn.Linear{Out: kinds, Init: nn.LeCun{}}}
	return nn.Embedded{Body: append(layers, nn.Pointwise{Size: size, Body: last})}
}

// sample draws windows and rounds them to symbols.
func (d *diffusion) sample(n int, seed uint64) ([][]uint8, error) {
	x := mat.NewDense(n, d.Dim(), nil)
	p := d.Problem()
	err := sampler.Sample(context.Background(), x, p, sampler.DPMpp2MSDE{}, &sampler.Settings{
		Grid: grid.Exponential(p.SDE, 20, 0.8, d.job.points), Seed: seed, Workers: d.job.workers,
	})
	w := make([][]uint8, n)
	for i := range w {
		w[i] = d.nearest(x.RawRowView(i))
	}
	return w, err
}

// bits returns an upper bound of the mean of −log₂ p over the labels of windows: for
// every x
//
//	−log p(x) ≤ ∫ E‖D(x + σz, σ) − x‖²/σ² d ln σ
//
// in nats (Guo et al. 2005; Kingma et al. 2021). Each window has a σ of its own, and what
// is above the highest is that of D = 0; below the lowest every symbol is known.
func (d *diffusion) bits(w [][]uint8, seed uint64) float64 {
	const low, high = 0.5, 80.
	n, rng := len(w), rand.New(rand.NewPCG(seed, 6))
	x, noisy, s, at := mat.NewDense(n, d.Dim(), nil), mat.NewDense(n, d.Dim(), nil), mat.NewDense(n, d.Dim(), nil), make([]float64, n)
	for i, labels := range w {
		at[i] = low * math.Pow(high/low, (float64(i)+rng.Float64())/float64(n))
		clean := x.RawRowView(i)
		d.write(clean, labels)
		for j, v := range clean {
			noisy.Set(i, j, v+at[i]*rng.NormFloat64())
		}
	}
	d.Problem().Score.Score(s, noisy, at)
	nats := 0.0
	for i, σ := range at {
		for j, v := range x.RawRowView(i) {
			e := noisy.At(i, j) + σ*σ*s.At(i, j) - v
			nats += e*e/(σ*σ)*math.Log(high/low) + v*v/(2*high*high)
		}
	}
	return nats / math.Ln2 / float64(n*d.Dim()/kinds)
}
