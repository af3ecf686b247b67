package inference

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
)

// View is the posterior of what has been observed, p(θ | x). It is safe for concurrent
// use.
type View struct {
	// Warnings name the columns of observations that lie outside what was simulated, where
	// the answer is an extrapolation.
	Warnings []string

	at      *coordinates
	prior   Prior
	problem sde.Problem
	place   *place
	method  Method // of GivenAll; 0 for one observation
}

// Given returns the posterior of the observations x: one row for all draws, or row i for
// draw i. An x of other columns gives an error wrapping ErrShape, a number that is not
// finite one wrapping ErrNonFinite. Warnings of the View name what lies outside the
// simulations.
func (p *Posterior) Given(x *mat.Dense) (*View, error) {
	if err := p.check("Given", x); err != nil {
		return nil, err
	}
	x = p.at.sets.beside(x)
	return &View{
		Warnings: p.at.outside(x), at: p.at, prior: p.Prior, problem: p.model.Given(p.at.within(x)).Problem(), place: p.at.place(x),
	}, nil
}

// check returns an error for what cannot be an observation.
func (p *Posterior) check(verb string, x *mat.Dense) error {
	if x == nil || x.IsEmpty() {
		return fmt.Errorf("inference: %s: x: is empty, want at least one row: %w", verb, ErrShape)
	}
	if _, k := x.Dims(); k != p.at.sets.columns {
		return fmt.Errorf("inference: %s: x: has %d columns, want %d, those of the simulations: %w", verb, k, p.at.sets.columns, ErrShape)
	}
	if i, j, bad := firstNonFinite(x); bad {
		return fmt.Errorf("inference: %s: x: row %d, column %d: is %v, want a finite number: %w", verb, i, j, x.At(i, j), ErrNonFinite)
	}
	return nil
}

// outside tells of the columns of x, and of what the sets put beside, that lie outside the
// simulations.
func (c *coordinates) outside(x *mat.Dense) (warnings []string) {
	n, k := x.Dims()
	names := make([]string, c.sets.columns)
	for j := range names {
		names[j] = fmt.Sprintf("column %d of x", j)
	}
	names = append(names, c.sets.names()...)
	for j := range k {
		count, first := 0, -1
		for i := range n {
			if v := x.At(i, j); v < c.low[j] || v > c.high[j] {
				if count++; first < 0 {
					first = i
				}
			}
		}
		if count > 0 {
			v := x.At(first, j)
			seen := c.nearest(j, v)
			of := apartIn(v, c.low[j], c.high[j], seen)
			text := fmt.Sprintf("%s: row %d is %s, the simulations lie from %s to %s: the posterior is an extrapolation", names[j], first, of[0], of[1], of[2])
			switch {
			case c.constant(j):
				text = fmt.Sprintf("%s: row %d is %s, but %s in all simulations: nothing is known of what it tells, and it is left out of account", names[j], first, of[0], of[1])
			case seen != v:
				text = fmt.Sprintf("%s, of %s, the nearest that the network is shown", text, of[3])
			}
			if count > 1 {
				text = fmt.Sprintf("%s, and so it is for %d rows more", text, count-1)
			}
			warnings = append(warnings, text)
		}
	}
	return warnings
}

// nearest returns the number that the network is shown for v in column j: v itself, within
// what was simulated or cut deviations.
func (c *coordinates) nearest(j int, v float64) float64 {
	if c.constant(j) {
		return c.low[j]
	}
	reach := cut * c.scale[j]
	return max(min(c.low[j], c.shift[j]-reach), min(max(c.high[j], c.shift[j]+reach), v))
}

// constant reports whether column j was the same in all simulations, but for rounding: what
// networks make of other numbers there nobody has taught them.
func (c *coordinates) constant(j int) bool {
	return c.high[j]-c.low[j] <= 8*0x1p-52*math.Abs(c.low[j])
}

// apartIn returns numbers with as many digits, six at least, as tell them apart.
func apartIn(numbers ...float64) (texts []string) {
	for digits := 6; ; digits++ {
		texts = texts[:0]
		same := false
		for i, v := range numbers {
			texts = append(texts, strconv.FormatFloat(v, 'g', digits, 64))
			for k, other := range numbers[:i] {
				same = same || texts[k] == texts[i] && other != v
			}
		}
		if !same || digits == 17 {
			return texts
		}
	}
}

// within returns what the network is shown for the rows of x.
func (c *coordinates) within(x *mat.Dense) *mat.Dense {
	var near mat.Dense
	near.Apply(func(_, j int, v float64) float64 { return c.nearest(j, v) }, x)
	return c.nearTails(&near)
}

// explain adds the Warnings to the error of a run.
func (v *View) explain(verb string, err error) error {
	if rows := (sampler.RowErrors)(nil); !errors.As(err, &rows) || len(v.Warnings) == 0 {
		return err
	}
	return fmt.Errorf("inference: %s: %w (the View warns: %s)", verb, err, strings.Join(v.Warnings, "; "))
}

// Problem returns what a sampler runs: the score of y, see the package's documentation. Use
// ToParameters for its samples.
func (v *View) Problem() sde.Problem { return v.problem }

// ToParameters writes the parameters of the rows of y, which are coordinates of the Problem,
// into theta. It panics when the shapes do not match.
func (v *View) ToParameters(theta, y *mat.Dense) {
	v.alike("ToParameters", theta, y)
	w := mat.DenseCopyOf(y)
	v.place.toWide(w)
	v.at.fromWide(theta, w)
}

// FromParameters writes the coordinates y of the rows of theta. Errors wrap ErrNonFinite
// or ErrRange, for what lies outside the prior's bounds, and name row and parameter. It
// panics when the shapes do not match.
func (v *View) FromParameters(y, theta *mat.Dense) error {
	v.alike("FromParameters", theta, y)
	if err := v.at.wide(y, theta); err != nil {
		return fmt.Errorf("inference: FromParameters: %w", err)
	}
	v.place.fromWide(y)
	return nil
}

func (v *View) alike(verb string, theta, y *mat.Dense) {
	n, d := theta.Dims()
	r, c := y.Dims()
	if n != r || d != c || d != len(v.at.axes) {
		panic(fmt.Sprintf("%s: %s: theta is %d×%d, y %d×%d, of %d parameters", badShape, verb, n, d, r, c, len(v.at.axes)))
	}
	if k := v.place.rows(); k > 1 && k != n {
		panic(fmt.Sprintf("%s: %s: %d rows for %d observations, want as many, or one observation", badShape, verb, n, k))
	}
}

// SampleSettings are the choices of View.Sample. The zero value, or a nil pointer, is ready
// to use.
type SampleSettings struct {
	// Predictor is the sampler; nil is sampler.Default. A View made with FNPE has one of
	// its own.
	Predictor sampler.Predictor
	sampler.Settings
}

// Sample draws a row of parameters from the posterior into each row of theta. A row that
// fails is NaN and named in a sampler.RowErrors, with the View's Warnings; after any other
// error theta is unchanged. It panics when theta has not the posterior's parameters, or not a row for each of several
// observations.
func (v *View) Sample(ctx context.Context, theta *mat.Dense, s *SampleSettings) error {
	v.alike("Sample", theta, theta)
	var c SampleSettings
	if s != nil {
		c = *s
	}
	if c.Predictor == nil {
		c.Predictor = sampler.Default(v.problem.SDE)
	}
	if v.method == FNPE {
		v.anneal(&c)
	}
	n, d := theta.Dims()
	y := mat.NewDense(n, d, nil)
	err := sampler.Sample(ctx, y, v.problem, c.Predictor, &c.Settings)
	var rows sampler.RowErrors
	if err != nil && !errors.As(err, &rows) {
		return err
	}
	v.ToParameters(theta, y)
	for i := range n {
		if math.IsNaN(y.At(i, 0)) {
			for j := range d {
				theta.Set(i, j, math.NaN())
			}
		}
	}
	return v.explain("Sample", err)
}

// LogProb writes the log-densities log p(θ | x) of the rows of theta, in nats, into dst: those
// of the probability flow, see sampler.LogProb, with the Jacobians of all coordinates. It is
// −Inf outside the prior's bounds, of which the FlowResult tells nothing, normalised within,
// and at a bound itself what it is for the nearest parameter that was learned from. Errors are those of sampler.LogProb, and one wrapping ErrNonFinite that names a row and a parameter; one
// wrapping ErrUnsupported for a View made with FNPE or JAC. It panics when the shapes do
// not match.
func (v *View) LogProb(ctx context.Context, dst []float64, theta *mat.Dense, s *sampler.FlowSettings) (*sampler.FlowResult, error) {
	v.alike("LogProb", theta, theta)
	n, d := theta.Dims()
	if len(dst) != n {
		panic(fmt.Sprintf("%s: LogProb: dst has length %d, want %d, one entry a row of theta", badShape, len(dst), n))
	}
	if err := v.hasDensity("LogProb"); err != nil {
		return nil, err
	}
	if i, j, bad := firstNonFinite(theta); bad {
		return nil, fmt.Errorf("inference: LogProb: theta: row %d, parameter %d: is %v, want a finite number: %w", i, j, theta.At(i, j), ErrNonFinite)
	}
	slope, inside := make([]float64, n), mat.DenseCopyOf(theta)
	for i := range n {
		row := inside.RawRowView(i)
		slope[i] = v.at.logSlope(row) - v.place.volume(i)
		for j, a := range v.at.axes { // any point will do where the density is 0
			row[j] = max(a.low, min(a.high, row[j]))
		}
	}
	y, logs := mat.NewDense(n, d, nil), make([]float64, n)
	if err := v.FromParameters(y, inside); err != nil {
		return nil, err
	}
	outside := func(i int) bool { return math.IsInf(slope[i], -1) }
	for i := range n {
		if outside(i) {
			clear(y.RawRowView(i))
		}
	}
	result, err := sampler.LogProb(ctx, logs, y, v.problem, s)
	if result == nil {
		return nil, err
	}
	for i := range dst {
		if dst[i] = logs[i] + slope[i]; outside(i) {
			dst[i] = slope[i]
		}
	}
	first := 0
	if s != nil {
		first = s.FirstRow
	}
	if rows := (sampler.RowErrors)(nil); errors.As(err, &rows) {
		err = nil
		if rows = slices.DeleteFunc(rows, func(e sampler.RowError) bool { return outside(e.Row - first) }); len(rows) > 0 {
			err = v.explain("LogProb", rows)
		}
	}
	return result, err
}

// hasDensity returns an error for a View whose density is not known.
func (v *View) hasDensity(verb string) error {
	if v.method == FNPE || v.method == JAC {
		return fmt.Errorf("inference: %s: the View was made with %v, whose density is not known: want GAUSS: %w", verb, v.method, ErrUnsupported)
	}
	return nil
}
