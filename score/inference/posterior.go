package inference

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
)

// Settings are the choices of Infer and Fit. The zero value, or a nil pointer, is ready to
// use: see Recommend for what it takes.
type Settings struct {
	// Net is the network, of a row of parameters in the coordinates of View; nil is that
	// of Recommend. A type of one's own is opened by OpenWith.
	Net nn.Module
	// Embed turns the standardised observation into what conditions the network: for long,
	// exchangeable or time-series x a network that knows what they are. Nil is that of
	// Recommend, which also sees mean and log-deviation of columns that are alike (see the
	// package's documentation).
	Embed nn.Module
	// Training is what score.Fit is given. What is 0 or nil there is taken from Recommend,
	// and Seed and Workers from here; Validation.Zero, which is the regression alone, is always
	// set. A run with Checkpoints leaves files that Open opens and
	// from which Resume goes on. DropCond is None unless it is set, since nothing here
	// asks for the score without x.
	Training score.Settings
	// Plain leaves out the linear regression on x, and what is put beside columns that are
	// alike, so that the network has to learn all of what x tells.
	Plain bool
	// Seed chooses simulations, initial weights and all that training draws.
	Seed uint64
	// Workers is the number of goroutines, 0 for one a processor. The result has the same
	// bits for any.
	Workers int
	// Progress is told how many simulations of Infer are done; nil is none. Training has
	// a Recorder.
	Progress func(done, n int)
}

// Posterior is p(θ | x), learned from simulations for any x. It is made by Infer, Fit, Rounds
// or Open; methods of another one panic. It is safe for concurrent use.
type Posterior struct {
	// Prior is that of the simulations, nil when it is not known. Weigh and GivenAll use
	// it.
	Prior Prior
	// Warnings are those of simulation and training, and name parameters that lie exactly at
	// a bound in some simulations.
	Warnings []string
	// Result is that of training, nil for a Posterior from a file.
	Result *score.Result

	model *score.Model
	at    *coordinates
	wide  moments // of the parameters, in w
}

// Infer draws n parameters from the prior, simulates an observation of so many columns for
// each (see Simulate) and learns the posterior from the pairs (see Fit).
//
// Errors are those of Simulate and Fit. When the context ends, or training fails, the error
// is an *Unfinished that holds the simulations (errors.As), so that none is lost; with
// Checkpoints Resume goes on with the training.
func Infer(ctx context.Context, p Prior, s Simulator, columns, n int, settings *Settings) (*Posterior, error) {
	var c Settings
	if settings != nil {
		c = *settings
	}
	pairs, err := Simulate(ctx, p, s, columns, n, &SimulateSettings{Seed: c.Seed, Workers: c.Workers, Progress: c.Progress})
	if err != nil {
		return nil, unfinished(pairs, err)
	}
	post, err := fitDraws(ctx, p, pairs.Theta, pairs.X, settings)
	if post != nil {
		post.Warnings = append(pairs.Warnings, post.Warnings...)
	}
	if err != nil {
		err = unfinished(pairs, err)
	}
	return post, err
}

// Fit learns the posterior from pairs of parameters and observations: row i of x was
// simulated with row i of theta, which was drawn from the prior p. A nil p stands for what
// theta was drawn from, without bounds.
//
// The conditional score that is learned is that of coordinates without bounds (see the
// package's documentation). Errors wrap ErrShape, ErrRange or ErrNonFinite and name row
// and column, among them one for a prior whose LogProb is NaN at a row of theta, or are those
// of score.Fit. When the context ends while it trains, or a step fails, the
// Posterior as far as it has been learned is returned with the error.
//
// Warnings name parameters whose numbers draws of the prior do not look like.
func Fit(ctx context.Context, p Prior, theta, x *mat.Dense, settings *Settings) (*Posterior, error) {
	post, err := fitDraws(ctx, p, theta, x, settings)
	if post != nil {
		post.Warnings = append(post.Warnings, notOfPrior(p, theta)...)
	}
	return post, err
}

// fitDraws is Fit for parameters that are known to be the prior's.
func fitDraws(ctx context.Context, p Prior, theta, x *mat.Dense, settings *Settings) (*Posterior, error) {
	var c Settings
	if settings != nil {
		c = *settings
	}
	post, err := fit(ctx, p, theta, x, &c, "")
	if err != nil {
		err = fmt.Errorf("inference: Fit: %w", err)
	}
	return post, err
}

// fit learns the Posterior, from the checkpoint at path on when there is one.
func fit(ctx context.Context, p Prior, theta, x *mat.Dense, s *Settings, path string) (*Posterior, error) {
	if ctx == nil {
		return nil, fmt.Errorf("ctx: is nil, want a context: %w", ErrRange)
	}
	if theta == nil || theta.IsEmpty() || x == nil || x.IsEmpty() {
		return nil, fmt.Errorf("theta and x: want at least one row and column of each: %w", ErrShape)
	}
	n, d := theta.Dims()
	rows, k := x.Dims()
	switch {
	case rows != n:
		return nil, fmt.Errorf("x: has %d rows, want %d, as many as theta: %w", rows, n, ErrShape)
	case n < 2:
		return nil, fmt.Errorf("theta: has %d rows, want at least 2: %w", n, ErrShape)
	}
	if i, j, bad := firstNonFinite(x); bad {
		return nil, fmt.Errorf("x: row %d, column %d: is %v, want a finite number: %w", i, j, x.At(i, j), ErrNonFinite)
	}
	low, high, err := boundsOf(p, d)
	if err != nil {
		return nil, err
	}
	if err := tooWide("theta", theta); err != nil {
		return nil, err
	}
	if err := tooWide("x", x); err != nil {
		return nil, err
	}
	post := &Posterior{Prior: p}
	wild := wildX(x)
	same := &sets{columns: k}
	if s.Embed == nil && !s.Plain {
		same = findSets(ctx, x)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	x = same.beside(x)
	var y *mat.Dense
	if post.at, y, err = newCoordinates(low, high, theta, x, same, s.Plain); err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if err := checkDensity(p, theta); err != nil {
		return nil, err
	}
	post.Warnings = append(fewWarnings(n), atBounds(post.at.axes, theta)...)
	post.Warnings = append(append(post.Warnings, wildTheta(post.at.axes, theta)...), wild...)
	w := mat.NewDense(n, d, nil)
	if err := post.at.wide(w, theta); err != nil {
		return nil, err
	}
	post.wide = momentsOf(w)
	if err = post.learn(ctx, y, post.at.nearTails(x), s, path); post.Result == nil {
		return nil, err
	}
	return post, err
}

// tooWide returns an error for a column whose numbers lie so far apart that differences
// overflow.
func tooWide(name string, x *mat.Dense) error {
	n, k := x.Dims()
	for j := range k {
		low, high := math.Inf(1), math.Inf(-1)
		for i := range n {
			if v := x.At(i, j); finite(v) {
				low, high = min(low, v), max(high, v)
			}
		}
		if low < high && !(high-low <= widest) {
			return fmt.Errorf("%s: column %d: lies from %v to %v, want numbers at most %.2g apart: %w", name, j, low, high, widest, ErrRange)
		}
	}
	return nil
}

// learn trains the model of y given x, from the checkpoint at path on when there is one.
func (p *Posterior) learn(ctx context.Context, y, x *mat.Dense, s *Settings, path string) error {
	n, d := y.Dims()
	_, k := x.Dims()
	recipe := Recommend(n, d, k)
	training := s.Training
	recipe.fill(&training)
	if training.Seed == 0 {
		training.Seed = s.Seed
	}
	if training.Workers == 0 {
		training.Workers = s.Workers
	}
	if training.DropCond == 0 {
		training.DropCond = score.None
	}
	training.Validation.Zero = true // which is what the regression knows
	var err error
	if p.model, err = score.New(d, s.config(recipe, n, d, k)); err != nil {
		return err
	}
	if err := p.keep(n); err != nil {
		return err
	}
	data, err := score.Rows(y, x)
	if err != nil {
		return err
	}
	if path == "" {
		p.Result, err = score.Fit(ctx, p.model, data, &training)
	} else {
		p.Result, err = score.Resume(ctx, p.model, data, &training, path)
	}
	if p.Result == nil {
		return err
	}
	if s.Training.DropCond == 0 { // this Posterior asks for no score without x
		p.Result.Warnings = slices.DeleteFunc(p.Result.Warnings, func(text string) bool { return strings.Contains(text, "DropCond") })
	}
	for _, text := range p.Result.Warnings {
		if strings.Contains(text, "a few rows far out") { // in coordinates of this package: see lone
			continue
		}
		p.Warnings = append(p.Warnings, inWordsOfInference(text))
	}
	return err
}

// inWordsOfInference returns a warning of score.Fit with the names that things have here.
func inWordsOfInference(text string) string {
	if rest, ok := strings.CutPrefix(text, "condition column "); ok {
		text = "x, column " + rest
	} else if rest, ok := strings.CutPrefix(text, "column "); ok {
		text = "theta, parameter " + rest
	}
	text = strings.ReplaceAll(text, "fewer Steps", "fewer Settings.Steps")
	return strings.ReplaceAll(text, "Settings.", "Settings.Training.")
}

// Model returns the network: the score of p(y | x) in the coordinates of View.
func (p *Posterior) Model() *score.Model { return p.model }

// Dims returns the numbers of parameters and of columns of an observation.
func (p *Posterior) Dims() (parameters, columns int) { return len(p.at.axes), p.at.sets.columns }
