package score

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Fit trains m on data. At first it chooses the network, when Config left it open,
// and measures the model's shift and scale; a model that has been fitted or loaded
// before keeps them, and goes on from its weights. What it chose by the number of
// rows and columns (see Recommend) stands in Result.Recipe. Afterwards m holds the moving average of the weights and the Result
// the weights of the last step.
//
// Rows, when they are few, are split, and the model gets the average of the best
// held-out loss instead of the last one (see Validation), what it was before if no step
// made it better. With
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
// have structure has collapsed: it has learned nothing, at a finite loss and with
// plausible samples. Fit checks for this after 500, 1,000 and 2,000 steps and
// at the end (see Diagnosis). For d ≤ 3 it stops with an error wrapping ErrCollapsed;
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
			t.undo()
			return nil, err
		}
	}
	return t.train()
}

// prepare checks everything and returns the run at its first step. m is unchanged
// but for a network that nobody has chosen, see Recommend; undo gives back the old one.
func prepare(ctx context.Context, m *Model, data Data, s *Settings) (t *trainer, err error) {
	if s == nil {
		s = &Settings{}
	}
	if _, err := s.withDefaults(); err != nil {
		return nil, err
	}
	if err := checkArguments(ctx, m, data); err != nil {
		return nil, err
	}
	recipe, note := recipeFor(m, data, s)
	rowwise := s.with(recipe, data)
	c, err := (&rowwise).withDefaults()
	if err != nil {
		return nil, err
	}
	if err := c.fits(m.dim + m.conditionWidth()); err != nil {
		return nil, err
	}
	if err := suits(c.Objective, m.dim, &c); err != nil {
		return nil, err
	}
	if err := c.suitsLevels(m); err != nil {
		return nil, err
	}
	if err := c.suitsMap(m, s); err != nil {
		return nil, err
	}
	if err := c.suitsTeacher(m); err != nil {
		return nil, err
	}
	data, c.Validation.Data = m.withMissing(data), m.withMissing(c.Validation.Data)
	rest, held, err := c.heldOut(data)
	if err != nil {
		return nil, err
	}
	missing, err := checkRows(m.cond, data, held)
	if err != nil {
		return nil, err
	}
	undo, err := m.choose(recipe.Net)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			undo()
		}
	}()
	if t, err = newTrainer(ctx, m, rest, c); err != nil {
		return nil, err
	}
	t.undo, t.notes = undo, missing
	if note != "" {
		t.notes = append(t.notes, note)
	}
	if m.cond != nil && c.DropCond == None {
		t.notes = append(t.notes, "Settings.DropCond is None: the score without conditions, that of Model.Problem and one half of sde.Guide, is not trained")
	}
	if has := m.scaling(); m.calibrated && c.Scaling != AutoScale && c.Scaling != has && m.dim > 1 {
		t.notes = append(t.notes, fmt.Sprintf("Settings.Scaling is %v, but the model keeps the scale that it has, %v", c.Scaling, has))
	}
	if held != nil {
		t.held = t.newValidator(held)
	}
	t.result.Recipe = t.recipe()
	if c.Checkpoints.Dir != "" {
		if c.Checkpoints.Averages {
			t.tracks = &tracks{}
		}
		t.keeper, err = newKeeper(t)
	}
	return t, err
}

// train makes the steps that are left.
func (t *trainer) train() (*Result, error) {
	t.started()
	if t.step == 0 {
		for _, text := range t.notes {
			t.warn(text)
		}
	}
	err := t.run()
	if err == nil {
		err = t.compare()
	}
	if end := t.finish(); err == nil {
		err = end // the error of the run comes first
	}
	t.stopped(err)
	return t.result, err
}

// checkRows looks at the conditions of data, of which held may be a part, and at
// held-out rows of their own, when they are finite sets.
func checkRows(c *conditions, data, held Data) (missing []string, err error) {
	if r, ok := held.(rows); ok {
		if _, err := c.checkLabels(r, nil); err != nil {
			return nil, fmt.Errorf("score: Fit: Settings.Validation.Data: %w", err)
		}
	}
	if r, ok := data.(rows); ok {
		if missing, err = c.checkLabels(r, held); err != nil {
			return nil, fmt.Errorf("score: Fit: data: %w", err)
		}
	}
	return missing, nil
}

func checkArguments(ctx context.Context, m *Model, data Data) error {
	switch {
	case ctx == nil:
		return fmt.Errorf("score: Fit: ctx: is nil, want a context: %w", ErrRange)
	case m == nil:
		return fmt.Errorf("score: Fit: m: is nil, want a Model: %w", ErrRange)
	case m.double:
		return fmt.Errorf("score: Fit: m: is a Float64 model, want the one that it came from, which can be trained: %w", ErrRange)
	case isNil(data):
		return fmt.Errorf("score: Fit: data: is nil, want rows: %w", ErrRange)
	}
	if err := nn.Validate(data); err != nil {
		return fmt.Errorf("score: Fit: data: %w", err)
	}
	d, cond := data.Dims()
	if d != m.dim {
		return fmt.Errorf("score: Fit: data: have %d columns, want %d, as the model: %w", d, m.dim, ErrShape)
	}
	if want := m.conditionColumns(); cond != want {
		return fmt.Errorf("score: Fit: data: have %d columns of conditions, want %d, as the model: %w", cond, want, ErrShape)
	}
	return nil
}

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
	compile := ad.Compile[float32]
	if s.BFloat16 {
		compile = ad.CompileBFloat16
	}
	t.program = compile(append([]*ad.Expr{mean}, ad.Grad(mean, t.params.Leaves()...)...), in)

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

// run is the training loop.
func (t *trainer) run() error {
	for t.step < t.s.Steps && !t.stale() {
		if err := t.ctx.Err(); err != nil {
			return errors.Join(fmt.Errorf("score: Fit: cancelled after step %d of %d: %w", t.step, t.s.Steps, err), t.save(true))
		}
		if t.step == 0 {
			if err := t.calibrate(); err != nil {
				return err
			}
			if err := t.validateStart(); err != nil {
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

// average gives the model the average of the network's weights, unless one of
// them is not finite.
func (t *trainer) average() error {
	ema := t.ema[:len(t.m.theta)]
	if i := indexNonFinite(ema); i >= 0 {
		return fmt.Errorf("score: Fit: step %d: the optimiser made weight %s %v: %w", t.step, t.nameOf(i), t.raw[i], ErrNonFinite)
	}
	t.m.setWeights(ema)
	return nil
}

// finish hands the average to the model and fills the result.
func (t *trainer) finish() error {
	n := len(t.m.theta)
	t.result.Steps, t.result.Raw, t.result.Scaling = t.step, t.raw[:n:n], t.m.scaling()
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
