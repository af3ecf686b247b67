package score

import (
	"cmp"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/optim"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// Settings steer Fit. The zero value and nil mean the defaults, which depend on the
// number of rows and columns (see Recommend); Fit does not change it. Together with
// those of New they are, in few dimensions, a recipe whose result cannot be told from
// the data by two-sample tests.
//
// A setting of 0 or nil is the default. Where there can be none of a thing that is
// there by default, None says so.
type Settings struct {
	// Objective is the loss; nil is DSM, and for a model with Config.FlowMap
	// Trajectories with a Teacher, MeanFlow without.
	Objective Objective
	// Teacher is a trained model from which this one learns what the data would teach: the
	// target of a noisy row is the clean row that the teacher expects, E[x₀ | x_t], instead of
	// the mean over References. It has the process and the conditions of the model, which
	// takes over its shift and scale. Nil is none.
	Teacher *Model
	// Weight is the weight of the loss in its denoiser form; nil is EDMWeight.
	Weight Weight
	// Times is the distribution of the training times; nil is LogNormal{−2.4, 1.4} where the
	// default Optimizer is SOAP, without conditions, for data without an end and sets of at
	// least 20,000 rows, LogNormal{−0.8, 1.6} for MeanFlow and Consistency, and
	// LogNormal{−1.6, 1.4} elsewhere.
	Times Times
	// Steps is the number of optimiser steps; 0 is 20,000, and for Rows and
	// RowsOf of fewer than 10,000 twice their number, but at least 2,000, and three
	// times that with Config.ColumnLevels, and fewer for a U-Net and the like: see
	// Recommend. A quarter of that is often enough in up to three columns.
	Steps int
	// Batch is the number of noisy rows of a step; 0 is 512, and down to 64 for a U-Net
	// and the like (see Recommend). Batch, References and twice
	// Validation.Rows are at most 2²⁴ rows and 2²⁸ numbers, Batch·References at most
	// 2³⁴.
	Batch int
	// Independent gives every noisy row a clean row and a time of its own, instead
	// of antithetic pairs: half as many clean rows as Batch, each with the noises z
	// and −z at the same time.
	Independent bool
	// References is the number of clean rows, the batch's own included, over
	// which the Rao-Blackwellised target averages: instead of the clean row x₀
	// its posterior mean given x_t and the reference rows, which has the same
	// expectation and less variance. 0 is the Pool, where there is one by default, and
	// otherwise 2·Batch, but none for Rows and RowsOf of fewer than 20,000, which are
	// learned by heart faster with it. None is plain denoising score matching. Rows with
	// labels average over references with the same, which it takes up to 64 combinations
	// of; with continuous conditions the target is the plain one. Where values are missing few references serve a row, and
	// more of them pay: examples/columns takes 8·Batch.
	References int
	// Pool takes the place of References: many more rows, of which a noisy row averages
	// over those near it, such as Pool{Rows: 4096}. The zero value is 8·Batch rows, up to
	// 65,536, for generators and for sets of at least 20,000 rows, in up to 8 columns
	// without Config.ColumnLevels; there, and with References or a Teacher, it is none.
	// Where drawing takes longer than training, take References instead.
	Pool Pool
	// Patterns chooses which columns the rows of a model with Config.ColumnLevels are
	// trained to find from which others; nil is Subsets. Another model has none. The
	// References then serve the rows of which no column is known exactly.
	Patterns Patterns
	// DropCond is the probability that a row of a model with conditions is shown
	// without its own, which trains the unconditional score beside the
	// conditional one; 0 is 0.1. With None the latter is all there is: Fit warns
	// that Model.Problem, and sde.Guide with it, have no score.
	DropCond float64
	// Rate is the learning rate; nil is that of the Optimizer, a default or one's own:
	// optim.RecipeRateSOAP for an *optim.SOAP, a warm-up to 1.5e-2 and a cosine down to 1 %
	// of it, and for every other optim.RecipeRate, with a peak of 6e-3, that of Adam.
	Rate optim.Rate
	// Optimizer updates the weights; nil is optim.SOAP{Largest: 512} for an nn.MLP with
	// nn.RMSNorm and an nn.Energy of one, such as nn.RecipeMLP, nn.RecipeEnergy and what
	// Recommend has for up to three columns and for data without an end; elsewhere it is Adam
	// with β = (0.9, 0.99). Either has the weight decay of Regularize. An Optimizer keeps the
	// state of a run: runs at the same time need one each.
	Optimizer optim.Optimizer[float32]
	// EMA is the decay of the moving average of the weights that becomes the
	// model, with warm-up (1+n)/(10+n); 0 is 0.999, None the last weights.
	EMA float64
	// Averaging lets the average forget by another rule than EMA's, such as
	// optim.HalfLife or optim.PowerFunction; nil is EMA's. With EMA None there
	// is no average either way.
	Averaging optim.Averaging
	// Clip bounds the norm of the gradient; 0 is 1.
	Clip float64
	// ClipValue bounds the magnitude of every element of the gradient, before
	// Clip bounds the norm of what is left; 0 is none. For that alone Clip has to
	// be None.
	ClipValue float64
	// Regularize on (0, 1) keeps the network from learning few rows by heart. It is
	// the probability of dropout after every activation of an nn.MLP (networks of your
	// own ask nn.Build.Dropout), and the weight decay of the default Optimizer. 0 is
	// what Recommend has for the rows where Fit chooses the network, and none for a
	// network of your own; None is none. Where data are nearly Gaussian in many columns
	// a larger decay is better, as of optim.Adam[float32]{WeightDecay: 1}.
	Regularize float64
	// Scaling chooses between one scale for all columns, one for each, and none; the
	// zero value decides by their deviations.
	Scaling Scaling
	// BFloat16 rounds the factors of the products of wide layers, of 32 columns or more on
	// both sides, to the eight bits of bfloat16, forward and backward, as
	// ad.CompileBFloat16 says; sums, weights, gradients and optimiser stay float32, and the
	// model is evaluated in float32. 0 is float32; ad.FastBFloat16() is the order of sums for
	// which this machine has instructions, if any. With them a step of networks of layers of
	// 512 columns and more or of a U-Net takes half to two thirds of the time: with
	// ad.BFloat16Tiles on Intel Xeon from 2023 on under Linux, with ad.BFloat16Pairs on AMD
	// from 2022 on. The products of an order have the same bits on every machine, and
	// are slower than those of float32 on others.
	BFloat16 ad.BFloat16
	// Workers is the number of goroutines, up to 65,536, 0 for one a processor. The result
	// has the same bits for any.
	Workers int
	// Seed chooses data order, times and noise.
	Seed uint64
	// Validation is the watch over held-out rows; its zero value splits Rows
	// and RowsOf, with conditions or without, when they are fewer than 100,000.
	Validation Validation
	// Checkpoints keep the state of the run on disk; the zero value is none.
	Checkpoints Checkpoints
	// Recorder is told of every step; nil is none. record.All tells several.
	Recorder Recorder
	// Logger is told of events: the start of the run, checks, looks at held-out
	// rows (at debug level), checkpoints, warnings and the end; nil is silence.
	Logger *slog.Logger
}

// None switches off what the value 0 of a setting leaves as it is by default: see
// Settings, Validation.Rows, Checkpoints.Keep, which then keeps all, and
// Config.MinNoise.
const None = -1

// Recorder follows a run. Record is called after every step, on the goroutine
// of Fit; an error ends the run as a cancelled context does.
type Recorder interface{ Record(Metrics) error }

// Metrics are the numbers of one step.
type Metrics struct {
	Step     int     // steps done, from 1
	Steps    int     // steps asked for
	Loss     float64 // mean over the batch
	GradNorm float64 // before clipping
	Rate     float64
	HeldOut  float64 // loss on held-out rows; NaN at steps without a look
	// Extra are metrics of one's own, see record.Metric. A Recorder that keeps
	// them copies them.
	Extra []MetricValue

	publish func() error
}

// MetricValue is a metric of one's own at a step.
type MetricValue struct {
	Name  string
	Value float64 // NaN at steps without a look
}

// Publish gives the model in training the moving average of the weights so far,
// so that a Recorder can evaluate it (record.Metric does); Fit does so at its checks
// and at the end only. It returns an error wrapping ErrNonFinite, and leaves the
// model as it is, when a weight is not finite.
func (m Metrics) Publish() error {
	if m.publish == nil {
		return nil // not from a run
	}
	return m.publish()
}

// Result is what a run leaves beside the Model.
type Result struct {
	Steps     int       // completed
	Loss      float64   // mean over the last tenth of the steps done
	Raw       []float32 // the network's weights after the last step; the Model has their average
	HeldOut   float64   // the least held-out loss; 0 without validation
	BestStep  int       // the step of HeldOut, whose average the Model has; 0 before the first one, and without validation
	Recipe    Recipe    // what the run took, by the rows or by Config and Settings
	Scaling   Scaling   // of the model: CommonScale, ColumnScales or Unscaled
	Warnings  []string
	Diagnoses []Diagnosis // what the detector of collapse saw

	trained, split int // rows of the data that were trained on and held out, when they were split
}

// String says in a line what came of a run, without its weights.
func (r *Result) String() string {
	text := fmt.Sprintf("%d steps, loss %.4g", r.Steps, r.Loss)
	if r.HeldOut != 0 {
		text += fmt.Sprintf(", held-out loss %.4g at step %d", r.HeldOut, r.BestStep)
	}
	text += fmt.Sprintf(", scaling %v", r.Scaling)
	if r.Recipe.Net != nil {
		text += fmt.Sprintf(", recipe %v", r.Recipe)
	}
	switch n := len(r.Warnings); n {
	case 0:
	case 1:
		text += ", a warning: " + r.Warnings[0]
	default:
		text += fmt.Sprintf(", %d warnings, the first: %s", n, r.Warnings[0])
	}
	return text
}

// withDefaults returns the settings in full.
func (s *Settings) withDefaults() (Settings, error) {
	var c Settings
	if s != nil {
		c = *s
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"Steps", c.Steps}, {"Batch", c.Batch}, {"Workers", c.Workers},
		{"Validation.Every", c.Validation.Every}, {"Validation.Patience", c.Validation.Patience}, {"Checkpoints.Every", c.Checkpoints.Every}} {
		if f.value < 0 {
			return c, fmt.Errorf("score: Fit: Settings.%s: is %d, want a positive number, or 0 for the default: %w", f.name, f.value, ErrRange)
		}
	}
	for _, f := range []struct {
		name        string
		value, most int
	}{{"Batch", c.Batch, mostRows}, {"References", c.References, mostRows}, {"Validation.Rows", c.Validation.Rows, mostRows / 2}, {"Workers", c.Workers, pool.MostWorkers}} {
		if f.value > f.most {
			return c, fmt.Errorf("score: Fit: Settings.%s: is %d, want at most %d: %w", f.name, f.value, f.most, ErrRange)
		}
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"EMA", c.EMA}, {"Clip", c.Clip}, {"DropCond", c.DropCond}, {"Regularize", c.Regularize}, {"References", float64(c.References)},
		{"Validation.Rows", float64(c.Validation.Rows)}, {"Checkpoints.Keep", float64(c.Checkpoints.Keep)}} {
		if !(f.value >= 0 && finite(f.value) || f.value == None) {
			return c, fmt.Errorf("score: Fit: Settings.%s: is %v, want a positive number, 0 for the default, or None: %w", f.name, f.value, ErrRange)
		}
	}
	if c.EMA >= 1 {
		return c, fmt.Errorf("score: Fit: Settings.EMA: is %v, want a decay below 1: %w", c.EMA, ErrRange)
	}
	if !(c.ClipValue >= 0 && finite(c.ClipValue)) {
		return c, fmt.Errorf("score: Fit: Settings.ClipValue: is %v, want a positive number, or 0 for none: %w", c.ClipValue, ErrRange)
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"Clip", c.Clip}, {"ClipValue", c.ClipValue}} {
		if f.value > 0 && f.value < leastClip {
			return c, fmt.Errorf("score: Fit: Settings.%s: is %v, want at least %v: %w", f.name, f.value, leastClip, ErrRange)
		}
	}
	if c.DropCond > 1 {
		return c, fmt.Errorf("score: Fit: Settings.DropCond: is %v, want a probability: %w", c.DropCond, ErrRange)
	}
	if c.Regularize >= 1 {
		return c, fmt.Errorf("score: Fit: Settings.Regularize: is %v, want a number below 1: %w", c.Regularize, ErrRange)
	}
	if err := c.Pool.check(c.References); err != nil {
		return c, err
	}
	c.fill()
	for _, f := range []struct {
		name  string
		value any
	}{
		{"Objective", c.Objective}, {"Weight", c.Weight}, {"Times", c.Times}, {"Rate", c.Rate}, {"Optimizer", c.Optimizer},
		{"Averaging", c.Averaging}, {"Patterns", c.Patterns}, {"Scaling", c.Scaling}, {"BFloat16", c.BFloat16}, {"Validation.Data", c.Validation.Data}, {"Recorder", c.Recorder},
	} {
		if f.value == nil {
			continue
		}
		if isNil(f.value) {
			return c, fmt.Errorf("score: Fit: Settings.%s: is a nil %T, want one that is not, or nil itself for the default: %w", f.name, f.value, ErrRange)
		}
		if err := nn.Validate(f.value); err != nil {
			return c, settingError(f.name, err)
		}
	}
	return c, nil
}

const (
	mostRows    = 1 << 24 // of a batch
	mostNumbers = 1 << 28 // rows times columns; a batch is several times as much memory
	mostPairs   = 1 << 34 // of noisy rows and references; that is a minute a step
	leastClip   = 1e-12   // of less than that float32 leaves nothing
)

// fits checks the batches for rows of d columns, with those of the conditions.
func (s *Settings) fits(d int) error {
	for _, f := range []struct {
		name string
		rows int
	}{{"Batch", s.Batch}, {"References", s.References}, {"Pool.Rows", s.Pool.Rows}, {"Validation.Rows", 2 * s.Validation.Rows}} {
		if f.rows > mostNumbers/d {
			return fmt.Errorf("score: Fit: Settings.%s: takes %d rows of %d columns, want at most %d rows of so many: %w", f.name, f.rows, d, mostNumbers/d, ErrRange)
		}
	}
	most := mostPairs / int64(s.Batch)
	if int64(s.Pool.Rows) > most {
		return fmt.Errorf("score: Fit: Settings.Pool.Rows: is %d for a Batch of %d, want at most %d: %w", s.Pool.Rows, s.Batch, most, ErrRange)
	}
	if int64(s.References) > most {
		return fmt.Errorf("score: Fit: Settings.References: is %d for a Batch of %d, want None, or at most %d: %w", s.References, s.Batch, most, ErrRange)
	}
	return nil
}

// settingError says in which field an error is.
func settingError(field string, err error) error {
	return fmt.Errorf("score: Fit: Settings.%s: %w", field, also{err, ErrRange})
}

// fill replaces what is not set by the defaults.
func (c *Settings) fill() {
	c.Objective = cmp.Or[Objective](c.Objective, DSM{})
	c.Weight = cmp.Or[Weight](c.Weight, EDMWeight{})
	c.Times = cmp.Or[Times](c.Times, LogNormal{})
	c.Steps = cmp.Or(c.Steps, 20_000)
	c.Batch = cmp.Or(c.Batch, 512)
	if c.Pool.Rows > 0 {
		c.References = None
	}
	c.References = cmp.Or(c.References, min(2*c.Batch, mostRows))
	c.Workers = cmp.Or(c.Workers, runtime.GOMAXPROCS(0))
	c.EMA = cmp.Or(c.EMA, 0.999)
	c.Clip = cmp.Or(c.Clip, 1)
	c.DropCond = cmp.Or(c.DropCond, 0.1)
	_, decay := c.regularization()
	c.Optimizer = cmp.Or[optim.Optimizer[float32]](c.Optimizer, &optim.Adam[float32]{WeightDecay: decay})
	if _, soap := c.Optimizer.(*optim.SOAP[float32]); soap && c.Rate == nil {
		c.Rate = optim.RecipeRateSOAP(c.Steps)
	}
	c.Rate = cmp.Or(c.Rate, optim.RecipeRate(c.Steps))
	c.Validation.Every = cmp.Or(c.Validation.Every, 100)
	c.Checkpoints.Every = cmp.Or(c.Checkpoints.Every, 1000)
	if c.Checkpoints.Averages {
		c.Checkpoints.Keep = cmp.Or(c.Checkpoints.Keep, None)
	}
	c.Checkpoints.Keep = cmp.Or(c.Checkpoints.Keep, 3)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
}
