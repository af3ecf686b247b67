// Package learn trains the networks of examples that are no score models, such as
// classifiers, by a loss of one's own.
package learn

import (
	"context"
	"math/rand/v2"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/score"
)

// Settings steer Minimise.
type Settings struct {
	Steps, Batch int
	Rate         optim.Rate
	Optimizer    optim.Optimizer[float32]
	Seed         uint64
	Crew         *pool.Crew
	Recorder     score.Recorder // nil: none
}

// Minimise returns parameters that make the mean of a loss, a number for each row, small
// over batches that fill draws: the numbers of each of the leaves in, row after row. When
// the context ends it returns what has been learned.
func Minimise(ctx context.Context, params *nn.Params, loss *ad.Expr, in []*ad.Expr, fill func(batch [][]float32), s *Settings) []float32 {
	mean := ad.Scale(1/float64(s.Batch), ad.SumRows(loss))
	program := ad.Compile[float32](append([]*ad.Expr{mean}, ad.Grad(mean, params.Leaves()...)...), in)

	initial, theta := make([]float64, params.Len()), make([]float32, params.Len())
	params.Init(initial, rand.NewPCG(s.Seed, 2))
	for i, v := range initial {
		theta[i] = float32(v)
	}
	grad, value := make([]float32, len(theta)), make([]float32, 1)
	out := [][]float32{value}
	for _, e := range params.Entries() {
		out = append(out, grad[e.Offset:e.Offset+e.Rows*e.Cols])
	}
	batch := make([][]float32, len(in))
	for i, leaf := range in {
		batch[i] = make([]float32, s.Batch*leaf.Cols())
	}
	var weights ad.Weights[float32]
	for step := 0; step < s.Steps && ctx.Err() == nil; step++ {
		fill(batch)
		program.Pack(&weights, theta, s.Crew)
		program.Run(s.Batch, &weights, func(dst []float64, row, slot int) {
			mask := rand.New(rand.NewPCG(s.Seed+uint64(step)<<20, uint64(slot)<<32+uint64(row)))
			for i := range dst {
				dst[i] = float64(mask.Uint64()>>40) / (1 << 24)
			}
		}, out, batch, s.Crew)
		optim.ClipNorm(grad, 1)
		optim.Step(s.Optimizer, theta, grad, step, s.Rate.At(step))
		if s.Recorder != nil {
			// A progress bar, whose errors stop nothing.
			_ = s.Recorder.Record(score.Metrics{Step: step + 1, Steps: s.Steps, Loss: float64(value[0]), Rate: s.Rate.At(step)})
		}
	}
	return theta
}
