package score

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sort"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Fit trains m on data. At first it measures the model's shift and scale; a
// model that has been fitted or loaded before keeps them, and goes on from its
// weights. Afterwards m holds the moving average of the weights and the Result
// the weights of the last step.
//
// Rows, when they are few, are split, and the model gets the average of the best
// held-out loss instead of the last one (see Validation). With
// Settings.Checkpoints the state of the run is kept on disk, from which Resume
// goes on.
//
// A cancelled context, an error of data or of the Recorder, and a loss, gradient
// or rate that is not finite (ErrNonFinite, naming the step and the first bad
// quantity) end the run after the last complete step: m holds the average up to
// that step, or the best, and the Result is returned beside the error. A
// checkpoint that cannot be written is such an error too.
//
// A run whose network has settled at the best linear denoiser although the data
// have structure is dead: it has learned nothing, at a finite loss and with
// plausible samples. Fit checks for this after 500, 1,000 and 2,000 steps and
// at the end (see Check). For d ≤ 3 it stops with an error wrapping ErrDead;
// above, where structure beyond a Gaussian cannot be measured so easily, it adds
// a line to Result.Warnings.
//
// Settings that make no sense give an error wrapping ErrRange, data of another
// dimension and an Objective of another shape one wrapping ErrShape; then there
// is no Result and m is unchanged.
func Fit(ctx context.Context, m *Model, data Data, s *Settings) (*Result, error) {
	t, err := prepare(ctx, m, data, s)
	if err != nil {
		return nil, err
	}
	if t.keeper != nil {
		if err := t.keeper.start(false); err != nil {
			return nil, err
		}
	}
	return t.train()
}

// prepare checks everything and returns the run at its first step. m is
// unchanged.
func prepare(ctx context.Context, m *Model, data Data, s *Settings) (*trainer, error) {
	if s == nil {
		s = &Settings{}
	}
	rowwise := s.forRows(data)
	c, err := (&rowwise).withDefaults()
	if err != nil {
		return nil, err
	}
	if err := checkArguments(m, data); err != nil {
		return nil, err
	}
	if err := suits(c.Objective, m.dim, &c); err != nil {
		return nil, err
	}
	rest, held, err := c.heldOut(data)
	if err != nil {
		return nil, err
	}
	t, err := newTrainer(ctx, m, rest, c)
	if err != nil {
		return nil, err
	}
	if held != nil {
		t.held = t.newValidator(held)
	}
	if c.Checkpoints.Dir != "" {
		t.keeper, err = newKeeper(t)
	}
	return t, err
}

// train makes the steps that are left.
func (t *trainer) train() (*Result, error) {
	t.started()
	err := t.run()
	if end := t.finish(); err == nil {
		err = end // the error of the run comes first
	}
	t.stopped(err)
	return t.result, err
}

func checkArguments(m *Model, data Data) error {
	switch {
	case m == nil:
		return fmt.Errorf("score: Fit: %w: the model is nil", ErrRange)
	case m.double:
		return fmt.Errorf("score: Fit: %w: a Float64 model cannot be trained; train the model it came from", ErrRange)
	case data == nil:
		return fmt.Errorf("score: Fit: %w: data is nil", ErrRange)
	}
	d, cond := data.Dims()
	if d != m.dim {
		return fmt.Errorf("score: Fit: %w: data have %d columns, the model has %d", ErrShape, d, m.dim)
	}
	if want := m.conditionColumns(); cond != want {
		return fmt.Errorf("score: Fit: %w: data have %d columns of conditions, the model takes %d", ErrShape, cond, want)
	}
	return nil
}

// trainer is the state of a run.
type trainer struct {
	ctx      context.Context
	m        *Model
	s        Settings
	crew     *ad.Crew
	batch    *batcher
	params   *nn.Params // the network's, as in the model, then the objective's own
	program  *ad.Program[float32]
	weights  ad.Weights[float32]
	raw, ema []float32
	loss     []float32
	grad     []float32
	in, out  [][]float32
	random   ad.Filler
	update   *nn.Updater[float32]
	step     int // steps done
	losses   []float64
	detector *detector
	result   *Result
	publish  func() error // average, bound once
	held     *validator   // nil without held-out rows
	keeper   *keeper      // nil without checkpoints
	log      *slog.Logger
}

func newTrainer(ctx context.Context, m *Model, data Data, s Settings) (*trainer, error) {
	const expected = 1 << 16 // steps; losses of more make the list grow
	crew := ad.NewCrew(s.Workers)
	t := &trainer{
		ctx: ctx, m: m, s: s, crew: crew, batch: newBatcher(m, data, &s, crew),
		update: nn.NewUpdater(s.Optimizer, nn.EMA[float32]{Decay: s.EMA, By: s.Averaging}, crew),
		loss:   make([]float32, 1), losses: make([]float64, 0, min(s.Steps, expected)), result: &Result{},
		log: s.Logger,
	}
	var err error
	if t.params, err = m.networkParams(); err != nil {
		return nil, err
	}
	mean, in := lossOf(m, t.params, t.batch, true)
	if mean == nil {
		return nil, fmt.Errorf("score: Fit: %w: Settings.Objective has to give one number for each row", ErrShape)
	}
	if err := nn.Bind(s.Optimizer, t.params); err != nil {
		return nil, fmt.Errorf("score: Fit: %w: Settings.Optimizer: %w", ErrRange, err)
	}
	t.program = ad.Compile[float32](append([]*ad.Expr{mean}, ad.Grad(mean, t.params.Leaves()...)...), in)

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

// lossOf returns the mean loss of a batch and the program's inputs, nil when the
// objective has another shape.
func lossOf(m *Model, params *nn.Params, batch *batcher, train bool) (mean *ad.Expr, in []*ad.Expr) {
	in, leaf, col := batch.leaves()
	b := nn.NewBuild(params)
	b.Train = train
	b.Cond = m.condition(b, leaf.Cond)
	own := b.Scope("objective")
	own.Time = col(colNoise)
	loss := batch.s.Objective.Loss(own, m.fields(b, col), leaf)
	if loss == nil || loss.Cols() != 1 || !loss.PerRow() {
		return nil, nil
	}
	return ad.Scale(1/float64(batch.s.Batch), ad.SumRows(loss)), in
}

// run is the training loop.
func (t *trainer) run() error {
	for t.step < t.s.Steps && !t.stale() {
		if err := t.ctx.Err(); err != nil {
			return errors.Join(fmt.Errorf("score: Fit: cancelled after step %d of %d: %w", t.step, t.s.Steps, err), t.save(true))
		}
		if !t.m.calibrated {
			if err := t.m.calibrate(t.batch.data, &t.s); err != nil {
				return err
			}
		}
		if err := t.one(); err != nil {
			return err
		}
		if err := t.check(); err != nil {
			return err
		}
		if err := t.save(t.step == t.s.Steps || t.stale()); err != nil {
			return err
		}
	}
	return nil
}

// one makes one step. Up to the update nothing of the state has changed.
func (t *trainer) one() error {
	if err := t.batch.fill(t.step); err != nil {
		return err
	}
	t.program.Pack(&t.weights, t.raw, t.crew)
	if t.step+1 < t.s.Steps {
		t.crew.Beside(t.batch.ahead)
	}
	t.program.Run(t.s.Batch, &t.weights, t.random, t.out, t.in, t.crew)
	loss, norm := float64(t.loss[0]), t.clip()
	if !finite(loss) || !finite(norm) {
		return fmt.Errorf("score: Fit: step %d: %w: %s; the loss is %v and the gradient's norm %v", t.step+1, ErrNonFinite, t.firstBad(), loss, norm)
	}
	rate := t.s.Rate.At(t.step)
	if !finite(rate) {
		return fmt.Errorf("score: Fit: step %d: %w: the learning rate is %v", t.step+1, ErrNonFinite, rate)
	}
	if t.s.EMA > 0 {
		t.update.Step(t.raw, t.grad, t.ema, t.step, rate)
	} else {
		t.update.Step(t.raw, t.grad, nil, t.step, rate)
		copy(t.ema, t.raw)
	}
	t.step++
	t.losses = append(t.losses, loss)
	heldOut := math.NaN()
	if t.due() {
		var err error
		if heldOut, err = t.validate(); err != nil {
			return err
		}
	}
	if t.s.Recorder != nil {
		if err := t.s.Recorder.Record(Metrics{Step: t.step, Steps: t.s.Steps, Loss: loss, GradNorm: norm, Rate: rate, HeldOut: heldOut, publish: t.publish}); err != nil {
			return fmt.Errorf("score: Fit: recorder after step %d: %w", t.step, err)
		}
	}
	return nil
}

// clip bounds the gradient, and returns the norm it had. One that is not finite
// stays as it is.
func (t *trainer) clip() (norm float64) {
	limit := t.s.Clip
	if limit < 0 {
		limit = math.Inf(1)
	}
	if t.s.ClipValue == 0 {
		return t.update.Clip(t.grad, limit)
	}
	norm = t.update.Clip(t.grad, math.Inf(1))
	nn.ClipValue(t.grad, t.s.ClipValue)
	t.update.Clip(t.grad, limit)
	return norm
}

// firstBad names the first quantity that is not finite, in the order in which
// they are computed.
func (t *trainer) firstBad() string {
	if i := indexNonFinite(t.batch.cols); i >= 0 {
		t, name, v := t.batch.cols[i/batchCols*batchCols+colT], columnNames[i%batchCols], t.batch.cols[i]
		return fmt.Sprintf("at the time %v of row %d %s is %v", t, i/batchCols, name, v)
	}
	for _, q := range []struct {
		name string
		v    []float32
	}{{"noisy rows", t.batch.xt}, {"targets", t.batch.x0}} {
		if i := indexNonFinite(q.v); i >= 0 {
			return fmt.Sprintf("%s: row %d, column %d is %v", q.name, i/t.m.dim, i%t.m.dim, q.v[i])
		}
	}
	switch i, j := indexNonFinite(t.raw), indexNonFinite(t.grad); {
	case i >= 0:
		return fmt.Sprintf("weight %s is %v", t.nameOf(i), t.raw[i])
	case j >= 0 && finite(float64(t.loss[0])):
		return fmt.Sprintf("gradient of %s is %v", t.nameOf(j), t.grad[j])
	}
	return "the loss, although data and weights are finite"
}

// nameOf returns the name of a weight.
func (t *trainer) nameOf(i int) string {
	all := t.params.Entries()
	k := sort.Search(len(all), func(k int) bool { return all[k].Offset > i }) - 1
	return fmt.Sprintf("%s[%d, %d]", all[k].Name, (i-all[k].Offset)/all[k].Cols, (i-all[k].Offset)%all[k].Cols)
}

// average gives the model the average of the network's weights, unless one of
// them is not finite.
func (t *trainer) average() error {
	ema := t.ema[:len(t.m.theta)]
	if i := indexNonFinite(ema); i >= 0 {
		return fmt.Errorf("score: Fit: step %d: %w: the optimiser made weight %s %v", t.step, ErrNonFinite, t.nameOf(i), t.raw[i])
	}
	t.m.setWeights(ema)
	return nil
}

// finish hands the average to the model and fills the result.
func (t *trainer) finish() error {
	n := len(t.m.theta)
	t.result.Steps, t.result.Raw = t.step, t.raw[:n:n]
	last := t.losses[len(t.losses)-min(len(t.losses), max(1, len(t.losses)/10)):]
	for _, l := range last {
		t.result.Loss += l / float64(len(last))
	}
	err := t.publish()
	if t.held != nil && t.held.best != nil {
		t.result.HeldOut, t.result.BestStep = t.held.bestLoss, t.held.bestStep
		t.m.setWeights(t.left())
	}
	return err
}

// setWeights replaces the weights of the model.
func (m *Model) setWeights(theta []float32) {
	copy(m.theta, theta)
	m.eval.load(m.theta)
}

// fields builds the model's forms for training from the columns of a batch.
func (m *Model) fields(b *nn.Build, col func(i int) *ad.Expr) Fields {
	form := func(onX, onF int) func(x *ad.Expr) *ad.Expr {
		return func(x *ad.Expr) *ad.Expr {
			b.Time = col(colNoise)
			f := m.net.Apply(b, ad.Mul(col(colIn), x))
			return ad.Add(ad.Mul(col(onX), x), ad.Mul(col(onF), f))
		}
	}
	return Fields{
		Denoise: form(colDenoiseX, colDenoiseF), Score: form(colScoreX, colScoreF),
		Noise: form(colEpsX, colEpsF), Velocity: form(colVelX, colVelF),
	}
}
