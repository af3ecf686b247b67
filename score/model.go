package score

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Config describes a Model. Nil and zero fields take the stated defaults.
type Config struct {
	// Process is the noising process; nil is sde.EDM with its defaults.
	Process sde.SDE
	// Net is the network F. Its output has the columns of its input. Nil leaves it to
	// the first Fit, which takes that of Recommend for the rows it is given; until then
	// it is that of data without an end, nn.RecipeMLP(d, 116), or nn.RecipeColumns(d, 116)
	// with ColumnLevels.
	Net nn.Module
	// Precond ties the network to the score; nil is EDM.
	Precond Precond
	// Cond describes the conditions of a conditional model; the zero value is
	// none. See Model.Given.
	Cond Conditions
	// ColumnLevels gives every column a noise level of its own, of all of which the network is
	// told: nn.Build.Time has d columns. Columns that are known have next to no noise,
	// those left out infinitely much, so that one network answers for any columns
	// given any others (see Observe) and trains on rows with missing values (see
	// Settings.Patterns). Within a given number of steps it learns the rows as a whole
	// less well than a model without. It is trained with DSM, or a LogVariance of it, and is
	// not for an nn.Energy.
	ColumnLevels bool
	// FlowMap makes a model for few steps: the network is also told the time r that a row
	// is to be taken to, and learns the map of the probability flow from t to r (see "Few
	// steps" in the package's documentation). At r = t it is the score of a model without.
	// It is trained with MeanFlow, the default objective then, or Consistency, and with a
	// Settings.Teacher by default with Trajectories. Its network looks at Build.Cond. It goes
	// with the preconditioning EDM, not with ColumnLevels or an nn.Energy.
	FlowMap bool
	// MinNoise is the noise level σ/α in model coordinates below which the score
	// stays what it is there: with x' = x/α, s'(x', σ') = s'(x', MinNoise). Below
	// it a network has seen no data and noise is far smaller than any detail.
	// Zero is 0.005, None is no such level; the highest noise level of
	// the process is the most.
	MinNoise float64
	// Seed chooses the initial weights.
	Seed uint64
}

// learner is what a model computes with.
type learner struct {
	net    nn.Module
	params *nn.Params
	theta  []float32
	eval   evaluator
}

// Model is a score s(y, t) made of a process, a network and its
// preconditioning,
//
//	s(y, t) = −(1 − α·Skip)/σ² y + α·Out/σ² F(In·y, Noise),
//
// in model coordinates y = (x − shift)/scale, which Fit measures so that y has
// mean 0 and mean square 1. The network runs in float32 (see Float64), the
// coefficients are computed in float64.
//
// Problem is what a sampler runs, Given what it runs under conditions; their
// Scores are Views of the model. A Model is safe for concurrent use, except
// beside Fit and Load, which change it.
type Model struct {
	// Metadata is what the user wants to be kept beside the model, say where the
	// data came from: Save, SaveFile and the checkpoints of Fit write it, Open,
	// Load, LoadFile and Resume replace it by what the file holds. Keys and
	// values are UTF-8.
	Metadata map[string]string

	learner

	dim          int
	process      sde.SDE
	precond      Precond
	cond         *conditions // nil: none
	levels       bool        // a noise level for every column
	maps         bool        // a second time, see Config.FlowMap
	freeze       float64     // 0: none
	frozen       float64     // the time at which σ/α = freeze
	shift, scale []float64
	calibrated   bool
	double       bool
	free         bool   // Fit and Load may still choose the network
	seed         uint64 // of the initial weights

	coeffs pool.Free[[]float64] // buffers of coefficients
}

// mostColumns is how many columns a row may have: what is wider comes from a mistake,
// and is refused before it asks for memory.
const mostColumns = 1 << 24

// New returns an untrained Model of rows of d columns, up to 2²⁴. c may be nil. It
// returns an error wrapping ErrRange for an impossible dimension, process,
// preconditioning, MinNoise or layer, and one wrapping ErrShape when the network's
// layers do not fit together, which it names, or its output has not d columns.
func New(d int, c *Config) (*Model, error) {
	if d < 1 {
		return nil, fmt.Errorf("score: New: d: is %d, want at least 1: %w", d, ErrRange)
	}
	if d > mostColumns {
		return nil, fmt.Errorf("score: New: d: is %d, want at most %d: %w", d, mostColumns, ErrRange)
	}
	if c == nil {
		c = &Config{}
	}
	m := &Model{dim: d, process: c.Process, precond: c.Precond, freeze: c.MinNoise, free: c.Net == nil, levels: c.ColumnLevels, maps: c.FlowMap, seed: c.Seed}
	net := c.Net
	if m.process == nil {
		m.process = sde.EDM{}
	}
	if m.free {
		net = Recommend(0, d, c).Net
	}
	if m.precond == nil {
		m.precond = EDM{}
	}
	if _, energy := net.(conservative); energy && m.levels {
		return nil, fmt.Errorf("score: New: Config.Net: is a %T, whose field is a gradient when all columns have one noise level only: want another network, or no ColumnLevels: %w", net, ErrRange)
	}
	if err := sde.Validate(m.process); err != nil {
		return nil, fmt.Errorf("score: New: Config.Process: %w", err)
	}
	if err := m.canMap(net); err != nil {
		return nil, err
	}
	if err := nn.Validate(m.precond); err != nil {
		return nil, fmt.Errorf("score: New: Config.Precond: %w", err)
	}
	if err := c.Cond.validate(); err != nil {
		return nil, fmt.Errorf("score: New: %w", err)
	}
	m.cond = newConditions(c.Cond)
	if err := m.setMinNoise(); err != nil {
		return nil, err
	}
	if err := m.install(net); err != nil {
		return nil, err
	}
	m.shift, m.scale = make([]float64, d), make([]float64, d)
	for i := range m.scale {
		m.scale[i] = 1
	}
	return m, nil
}

// install gives the model a network with its initial weights.
func (m *Model) install(net nn.Module) error {
	params, err := m.paramsOf(net)
	if err != nil {
		return err
	}
	initial := make([]float64, params.Len())
	params.Init(initial, noise.Rand(m.seed, noise.Draw{Purpose: noise.Init}))
	m.learner = learner{net: net, params: params, theta: narrow[float32](nil, initial)}
	m.compute()
	return nil
}

// compute makes what evaluates the network, in the model's precision.
func (m *Model) compute() {
	if m.double {
		m.eval = newEngine[float64](m, m.theta)
	} else {
		m.eval = newEngine[float32](m, m.theta)
	}
}

// setMinNoise checks the least noise level, takes its default, and finds its time.
func (m *Model) setMinNoise() error {
	_, end := m.process.Span()
	last := math.Exp(-sde.LogSNR(m.process, end))
	switch {
	case m.freeze == 0:
		m.freeze = min(0.005, last)
	case m.freeze == None:
		m.freeze = 0
		return nil
	case !(m.freeze > 0):
		return fmt.Errorf("score: New: Config.MinNoise: is %v, want a positive number, 0 for the default, or None: %w", m.freeze, ErrRange)
	}
	logSNR := -math.Log(m.freeze)
	if t, ok := sde.TimeInSpan(m.process, logSNR); !ok && t == end || !finite(m.freeze) {
		return fmt.Errorf("score: New: Config.MinNoise: is %v, want at most %.4g, the highest noise level of the process: %w", m.freeze, last, ErrRange)
	}
	m.frozen, _ = sde.InSpan(m.process, sde.TimeAt(m.process, logSNR))
	return nil
}

// paramsOf lists the parameters of a network of the model and of what embeds its
// conditions, and checks that their layers fit.
func (m *Model) paramsOf(net nn.Module) (*nn.Params, error) {
	p := &nn.Params{}
	b := nn.NewBuild(p)
	var encoded, end *ad.Expr
	if w := m.conditionWidth(); w > 0 {
		encoded = ad.Input("cond", w)
		if m.cond.Embed != nil {
			values, _ := m.cond.columns(encoded)
			if _, err := b.Scope("condition").Try(m.cond.Embed, values); err != nil {
				return nil, partError("Config.Cond.Embed", err)
			}
		}
		b.Cond = m.condition(b.Share(), encoded)
	}
	b.Time = ad.Input("time", 1)
	if m.levels {
		b.Time = ad.Input("time", m.dim)
	}
	if m.maps {
		end = ad.Input("end", 1)
		b.Cond = join(b.Cond, m.ends(b, b.Time, end))
	}
	f, err := b.Try(net, ad.Input("x", m.dim))
	switch {
	case err != nil:
		return nil, partError("Config.Net", err)
	case !f.PerRow():
		return nil, fmt.Errorf("score: New: Config.Net: the network's output does not depend on its input: %w", ErrShape)
	case f.Groups() > 1:
		return nil, fmt.Errorf("score: New: Config.Net: the network's output has %d rows of %d columns for each sample, want one of %d: %w", f.Groups(), f.Cols(), m.dim, ErrShape)
	case f.Cols() != m.dim:
		return nil, fmt.Errorf("score: New: Config.Net: the network's output has %d columns, want %d: %w", f.Cols(), m.dim, ErrShape)
	case p.Len() == 0:
		return nil, fmt.Errorf("score: New: Config.Net: the network has no parameters: %w", ErrShape)
	case encoded != nil && !looksAt(f, encoded):
		return nil, fmt.Errorf("score: New: Config.Net: the network does not look at the conditions, Build.Cond, as an nn.MLP in it does: %w", ErrShape)
	case end != nil && !looksAt(f, end):
		return nil, fmt.Errorf("score: New: Config.Net: the network does not look at where FlowMap is to take the rows, which is in Build.Cond, as an nn.MLP in it does: %w", ErrShape)
	}
	return p, nil
}

// looksAt reports whether an expression depends on an input.
func looksAt(f, input *ad.Expr) bool {
	values, _ := ad.List([]*ad.Expr{f})
	return slices.ContainsFunc(values, func(v ad.Value) bool { return v.Leaf == input })
}

// partError says which part of a Config an error of package nn is about.
func partError(field string, err error) error {
	kind := ErrShape
	if errors.Is(err, nn.ErrRange) {
		kind = ErrRange
	}
	return fmt.Errorf("score: New: %s: %w", field, also{err, kind})
}

// Dim returns the number of columns of the data.
func (m *Model) Dim() int { return m.dim }

// Process returns the noising process.
func (m *Model) Process() sde.SDE { return m.process }

// Frame returns the model coordinates y = (x − Shift)/Scale, a copy.
func (m *Model) Frame() sde.Frame {
	return sde.Frame{Shift: slices.Clone(m.shift), Scale: slices.Clone(m.scale)}
}

// Float64 returns a Model of the same weights whose network runs in float64,
// for tolerances below about 1e-6. It shares nothing that training m changes.
func (m *Model) Float64() *Model {
	c := m.Clone()
	c.double = true
	c.compute()
	return c
}

// Clone returns a copy that shares nothing that training m changes.
func (m *Model) Clone() *Model {
	c := &Model{
		learner: learner{net: m.net, params: m.params, theta: slices.Clone(m.theta)},
		dim:     m.dim, process: m.process, precond: m.precond, cond: m.cond.clone(), levels: m.levels, maps: m.maps, freeze: m.freeze, frozen: m.frozen,
		calibrated: m.calibrated, double: m.double, free: m.free, seed: m.seed,
	}
	c.shift, c.scale = slices.Clone(m.shift), slices.Clone(m.scale)
	c.Metadata = maps.Clone(m.Metadata)
	c.compute()
	return c
}

const badShape = "score: dimension mismatch"

// coefficients returns the coefficients of the times in a buffer to give back.
func (m *Model) coefficients(t []float64) []float64 {
	c, _ := m.coeffs.Take()
	c = resize(c, coeffsPerTime*len(t))
	for i, t := range t {
		at := m.at(t)
		copy(c[coeffsPerTime*i:], at[:])
	}
	return c
}

// cellCoefficients is coefficients for a model with a level for every column, of one
// row for all when times and observations are common.
func (m *Model) cellCoefficients(n int, t []float64, seen *observation) []float64 {
	if len(t) == 1 && seen.rows() == 0 {
		n = 1
	}
	width := m.coeffsAt()
	c, _ := m.coeffs.Take()
	c = resize(c, n*width)
	at := m.momentAt(t[0])
	for i := range n {
		if i > 0 && len(t) > 1 && t[i] != t[i-1] {
			at = m.momentAt(t[i])
		}
		m.cells(c[i*width:(i+1)*width], &at, seen, i)
	}
	return c
}

// at returns the four coefficients of a time: of the network's input, its
// noise level, and the score's factors of y and of F.
func (m *Model) at(t float64) [coeffsPerTime]float64 {
	α, σ := m.process.Kernel(t)
	ratio := 1.0
	if σ < m.freeze*α {
		t = m.frozen
		var αc float64
		αc, σ = m.process.Kernel(t)
		ratio, α = αc/α, αc
	}
	c := m.precond.Coeffs(m.process, t)
	return [coeffsPerTime]float64{c.In * ratio, c.Noise, -c.Rest / (σ * σ) * ratio * ratio, α * c.Out / (σ * σ) * ratio}
}
