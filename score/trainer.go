package score

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// trainer is the state of a run.
type trainer struct {
	ctx      context.Context
	m        *Model
	s        Settings
	crew     *pool.Crew
	batch    *batcher
	params   *nn.Params // the network's, as in the model, then the objective's own
	program  *ad.Program[float32]
	weights  ad.Weights[float32]
	raw, ema []float32
	loss     []float32
	grad     []float32
	in, out  [][]float32
	random   ad.Filler
	update   *optim.Updater[float32]
	step     int // steps done
	losses   []float64
	detector *detector
	result   *Result
	publish  func() error // average, bound once
	held     *validator   // nil without held-out rows
	keeper   *keeper      // nil without checkpoints
	tracks   *tracks      // nil without Checkpoints.Averages
	log      *slog.Logger
	notes    []string // what is to be said at the first step
	changed  []string // settings that are others than before a resumption
	undo     func()   // gives the model the network back that it had
}

func newTrainer(ctx context.Context, m *Model, data Data, s Settings) (*trainer, error) {
	const expected = 1 << 16 // steps; losses of more make the list grow
	crew := pool.New(s.Workers)
	t := &trainer{
		ctx: ctx, m: m, s: s, crew: crew, batch: newBatcher(m, data, &s, crew),
		update: optim.NewUpdater(s.Optimizer, optim.EMA[float32]{Decay: s.EMA, By: s.Averaging}, crew),
		loss:   make([]float32, 1), losses: make([]float64, 0, min(s.Steps, expected)), result: &Result{},
		log: s.Logger,
	}
	t.batch.ctx = ctx
	var err error
	if t.params, err = m.paramsOf(m.net); err != nil {
		return nil, err
	}
	loss, in := lossOf(m, t.params, t.batch, true)
	if loss == nil {
		return nil, fmt.Errorf("score: Fit: Settings.Objective: has to give one number for each row: %w", ErrShape)
	}
	if err := optim.Bind(s.Optimizer, t.params); err != nil {
		return nil, settingError("Optimizer", err)
	}
	mean := t.batch.meanOf(loss)
	t.program = ad.CompileBFloat16(append([]*ad.Expr{mean}, ad.Grad(mean, t.params.Leaves()...)...), in, s.BFloat16)

	initial := make([]float64, t.params.Len())
	t.params.Init(initial, noise.Rand(s.Seed, noise.Draw{Purpose: noise.Init, Slot: 1}))
	t.raw = narrow[float32](nil, initial)
	copy(t.raw, m.theta)
	t.ema, t.grad = append([]float32(nil), t.raw...), make([]float32, len(t.raw))
	t.in = t.batch.inputs()
	t.out = [][]float32{t.loss}
	for _, e := range t.params.Entries() {
		t.out = append(t.out, t.grad[e.Offset:e.Offset+e.Rows*e.Cols])
	}
	t.publish = t.average
	t.random = func(dst []float64, row, slot int) {
		noise.Uniform(dst, s.Seed, noise.Draw{Purpose: noise.Leaf, Step: t.step, Row: row, Slot: slot})
	}
	return t, nil
}

// lossOf returns the loss of the rows of a batch and the program's inputs, nil when
// the objective has another shape.
func lossOf(m *Model, params *nn.Params, batch *batcher, train bool) (loss *ad.Expr, in []*ad.Expr) {
	in, leaf, col := batch.leaves()
	b := nn.NewBuild(params)
	if b.Train = train; train {
		b.Dropout, _ = batch.s.regularization()
	}
	if m.cond != nil {
		b.Cond = m.condition(b, in[len(in)-1])
	}
	own := b.Scope("objective")
	own.Time = col(colNoise)
	loss = batch.s.Objective.Loss(own, m.fields(b, col), leaf)
	if loss == nil || loss.Cols() != 1 || !loss.PerRow() {
		return nil, nil
	}
	return loss, in
}

// meanOf returns the mean over a batch of what its rows have.
func (b *batcher) meanOf(loss *ad.Expr) *ad.Expr {
	return ad.Scale(1/float64(b.s.Batch), ad.SumRows(loss))
}
