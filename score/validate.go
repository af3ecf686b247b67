package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Validation is the watch over rows that a run does not train on. Every so many
// steps the loss is measured on them, with the averaged weights, the plain
// target and times and noise that stay the same, antithetic, throughout the run.
// At the end the model gets the average whose loss was the least, not the last
// one: on few rows a network first learns the distribution and then the rows by
// heart. The first look is before the first step, so that no training makes a model
// worse on them. When the loss at the end is above that by more than its noise, three standard
// errors of the rise over the held-out rows, there is a warning.
//
// The zero value splits Rows and RowsOf of 20 up to 99,999; other data are not
// watched unless Data is set.
type Validation struct {
	// Data serves the held-out rows, asked for once, as step −3. Nil is a split
	// of Rows.
	Data Data
	// Rows is the number of rows to hold out; 0 is a tenth of Rows and at most
	// 4,096, or 2,048 rows of Data. None is no validation.
	Rows int
	// Every is the number of steps from one look to the next; 0 is 100. There
	// is one before the first step and one after the last in any case.
	Every int
	// Patience is the number of looks without a new best after which the run
	// stops, counted from the first after a step; 0 is never. Where the rate falls along
	// a cosine, the loss improves until the end: a small patience costs quality.
	Patience int
	// Zero has the look before the first step include the network whose weights are all 0.
	// One with a linear last layer is F = 0 then, under the default Precond the exact score
	// of normal columns that are independent and of the model's scale: for data of which
	// that may be all there is to say. A model that is left with it cannot be trained
	// further.
	Zero bool
}

const (
	splitBelow     = 100_000
	splitFrom      = 20
	mostHeldOut    = 4096
	leastValidated = 2048 // clean rows of the look; held-out rows are repeated
)

// heldOut splits data and returns what to train on and what to hold out, nil
// for nothing.
func (s *Settings) heldOut(data Data) (train, held Data, err error) {
	v := s.Validation
	if v.Rows < 0 {
		return data, nil, nil
	}
	if v.Data != nil {
		d, cond := data.Dims()
		if vd, vc := v.Data.Dims(); vd != d || vc != cond {
			return nil, nil, fmt.Errorf("score: Fit: Settings.Validation.Data: has %d columns and %d of conditions, the data have %d and %d: %w", vd, vc, d, cond, ErrShape)
		}
		return data, v.Data, nil
	}
	r, ok := data.(rows)
	if !ok {
		if v.Rows > 0 {
			return nil, nil, fmt.Errorf("score: Fit: Settings.Validation.Rows: is %d, but %T cannot be split; set Validation.Data: %w", v.Rows, data, ErrRange)
		}
		return data, nil, nil
	}
	n := r.len()
	if v.Rows == 0 {
		if v.Rows = heldOutOf(n); v.Rows == 0 {
			return data, nil, nil
		}
	}
	if v.Rows >= n {
		return nil, nil, fmt.Errorf("score: Fit: Settings.Validation.Rows: is %d of %d rows, want at least one row left to train on: %w", v.Rows, n, ErrRange)
	}
	train, held = r.split(v.Rows, s.Seed)
	return train, held, nil
}

// validator measures the loss on held-out rows.
type validator struct {
	every, patience int
	batch           *batcher
	filled          bool
	rows            int // how many are held out; batch repeats few
	program         *ad.Program[float32]
	weights         ad.Weights[float32]
	in, out         [][]float32
	random          ad.Filler

	best     []float32 // the averaged weights of the least loss; nil before the first look
	bestLoss float64
	bestStep int
}

// newValidator returns the validator of a run. The network is built as in use,
// not as in training.
func (t *trainer) newValidator(data Data) *validator {
	s := t.s
	s.Independent, s.References, s.Pool, s.DropCond = false, None, Pool{}, None
	if t.m.maps {
		s.Objective = fieldLoss{}
	}
	own := s.Validation.Rows
	if r, ok := data.(inOrder); ok {
		own = max(r.len(), leastValidated)
	}
	own = cmp.Or(own, leastValidated)
	s.Batch = 2 * own
	v := &validator{every: t.s.Validation.Every, patience: t.s.Validation.Patience, rows: own, batch: newBatcher(t.m, data, &s, t.crew)}
	if r, ok := data.(inOrder); ok {
		v.rows = r.len()
	}
	loss, in := lossOf(t.m, t.params, v.batch, false)
	v.program = ad.Compile[float32]([]*ad.Expr{v.batch.meanOf(loss), loss}, in)
	v.in, v.out = v.batch.inputs(), [][]float32{make([]float32, 1), make([]float32, s.Batch)}
	v.random = func(dst []float64, row, slot int) {
		noise.Uniform(dst, s.Seed, noise.Draw{Purpose: noise.Leaf, Step: heldOutStep, Row: row, Slot: slot})
	}
	return v
}

// due reports whether there is a look after a step of the run.
func (t *trainer) due() bool {
	return t.held != nil && (t.step%t.held.every == 0 || t.step == t.s.Steps)
}

// fill asks for the held-out rows when that has not been done.
func (v *validator) fill() error {
	if v.filled {
		return nil
	}
	err := v.batch.fill(heldOutStep)
	v.filled = err == nil
	return err
}

// validate looks at the held-out rows and keeps the best weights.
func (t *trainer) validate() (float64, error) {
	v := t.held
	if err := v.fill(); err != nil {
		return 0, err
	}
	loss := v.look(t.ema, t.crew)
	if !finite(loss) {
		return loss, fmt.Errorf("score: Fit: after step %d: the held-out loss is %v: %w", t.step, loss, ErrNonFinite)
	}
	t.consider(t.ema, loss)
	return loss, nil
}

// validateStart looks at the held-out rows before the first step. A loss that is not finite
// is for the first step to explain.
func (t *trainer) validateStart() error {
	v := t.held
	if v == nil {
		return nil
	}
	if err := v.fill(); err != nil {
		return err
	}
	starts := [][]float32{t.ema}
	if t.s.Validation.Zero {
		zero := slices.Clone(t.ema)
		clear(zero[:len(t.m.theta)])
		starts = append(starts, zero)
	}
	for _, theta := range starts {
		if loss := v.look(theta, t.crew); finite(loss) {
			t.consider(theta, loss)
		}
	}
	return nil
}

// consider keeps the weights theta when their loss is the least so far.
func (t *trainer) consider(theta []float32, loss float64) {
	v := t.held
	if v.best == nil || loss < v.bestLoss {
		v.best, v.bestLoss, v.bestStep = append(v.best[:0], theta...), loss, t.step
	}
	t.log.Debug("score: validation", "step", t.step, "held_out_loss", loss, "best", v.bestLoss, "best_step", v.bestStep)
}

// look returns the loss with the weights theta; out has those of the noisy rows.
func (v *validator) look(theta []float32, crew *pool.Crew) float64 {
	v.program.Pack(&v.weights, theta, crew)
	v.program.Run(v.batch.s.Batch, &v.weights, v.random, v.out, v.in, crew)
	return float64(v.out[0][0])
}

// byRow returns the mean loss of each held-out row at the last look.
func (v *validator) byRow() []float64 {
	sums, counts := make([]float64, v.rows), make([]float64, v.rows)
	for i, l := range v.out[1] {
		k := i % v.batch.own % v.rows // the second half repeats the first with −z
		sums[k] += float64(l)
		counts[k]++
	}
	floats.Div(sums, counts)
	return sums
}

// A network learns by heart when its loss on held-out rows has risen by more than
// parted of itself since its least, and by more than that many standard errors.
const (
	parted       = 0.01
	partedErrors = 3
)

// compare warns when training and held-out loss have parted.
func (t *trainer) compare() error {
	v := t.held
	if v == nil || v.best == nil || t.step == v.bestStep {
		return nil
	}
	if err := v.fill(); err != nil {
		return err
	}
	v.look(v.best, t.crew)
	best := v.byRow()
	last := v.look(t.ema, t.crew)
	rise := v.byRow()
	floats.Sub(rise, best)
	mean, deviation := stat.MeanStdDev(rise, nil)
	noise := deviation / math.Sqrt(float64(len(rise)))
	if !(mean > partedErrors*noise && mean > parted*v.bestLoss) {
		return nil
	}
	if v.bestStep == 0 {
		t.warn(fmt.Sprintf("nothing is learned that holds for held-out rows: the loss on them was never below the %.4g of before the first step, and is %.4g after step %d, more by %.2g ± %.1g; the model is that of before the first step; try Settings.Regularize",
			v.bestLoss, last, t.step, mean, noise))
	} else {
		t.warn(fmt.Sprintf("the network learns rows by heart: from step %d of %d on the loss on held-out rows rose from %.4g to %.4g, by %.2g ± %.1g; the model is that of step %d; try Settings.Regularize or fewer Steps",
			v.bestStep, t.s.Steps, v.bestLoss, last, mean, noise, v.bestStep))
	}
	return nil
}

// stale reports whether the patience of the validation is at its end.
func (t *trainer) stale() bool {
	v := t.held
	return v != nil && v.patience > 0 && v.best != nil && (t.step-max(v.bestStep, v.every))/v.every >= v.patience
}

// left returns the weights that the model would get if the run ended now.
func (t *trainer) left() []float32 {
	if t.held != nil && t.held.best != nil {
		return t.held.best[:len(t.m.theta)]
	}
	return t.ema[:len(t.m.theta)]
}
