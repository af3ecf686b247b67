package score

import (
	"fmt"
	"maps"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// NewFlowMap returns a model with Config.FlowMap that begins as the model m: with its
// process, network, conditions, shift, scale and Metadata, and F̄(y, t, r) = F(y, t) for every
// r. Fit with Settings.Teacher m makes a model for few steps of it.
//
// It returns an error wrapping ErrRange for a nil model and one whose preconditioning is not
// EDM, or that has ColumnLevels, an nn.Energy or FlowMap already, one wrapping ErrShape when
// the network does not look at its conditions, and one wrapping ErrMismatch when it does
// not take further ones behind those that it has: then make a model with New, which begins
// with weights of its own.
func NewFlowMap(m *Model) (*Model, error) {
	if m == nil {
		return nil, fmt.Errorf("score: NewFlowMap: m: is nil, want a model: %w", ErrRange)
	}
	if m.maps {
		return nil, fmt.Errorf("score: NewFlowMap: m: has FlowMap, want a model without: %w", ErrRange)
	}
	c := &Config{Process: m.process, Net: m.net, Precond: m.precond, ColumnLevels: m.levels, MinNoise: m.freeze, FlowMap: true, Seed: m.seed}
	if m.cond != nil {
		c.Cond = m.cond.Conditions
	}
	if m.freeze == 0 {
		c.MinNoise = None
	}
	s, err := New(m.dim, c)
	if err != nil {
		return nil, fmt.Errorf("score: NewFlowMap: %w", err)
	}
	theta, err := s.weightsOf(m)
	if err != nil {
		return nil, fmt.Errorf("score: NewFlowMap: %w", err)
	}
	s.setWeights(theta)
	s.adoptFrame(m)
	s.calibrated, s.Metadata = m.calibrated, maps.Clone(m.Metadata)
	if !s.scoresAs(m) {
		return nil, fmt.Errorf("score: NewFlowMap: %T does not take further conditions behind those that it has: %w", m.net, ErrMismatch)
	}
	return s, nil
}

// weightsOf returns the weights of m in their places in s, whose matrices of conditions
// have further rows: these are 0.
func (s *Model) weightsOf(m *Model) ([]float32, error) {
	theta, seen := narrow[float32](nil, make([]float64, len(s.theta))), 0
	copy(theta, s.theta)
	for _, e := range s.params.Entries() {
		for _, f := range m.params.Entries() {
			if f.Name != e.Name {
				continue
			}
			if f.Cols != e.Cols || f.Rows > e.Rows {
				return nil, fmt.Errorf("parameter %s is %d×%d, and %d×%d with the end: %w", e.Name, f.Rows, f.Cols, e.Rows, e.Cols, ErrMismatch)
			}
			to := theta[e.Offset : e.Offset+e.Rows*e.Cols]
			clear(to)
			copy(to, m.theta[f.Offset:f.Offset+f.Rows*f.Cols])
			seen++
		}
	}
	if n := len(m.params.Entries()); seen != n {
		return nil, fmt.Errorf("%d of %d parameters have no place: %w", n-seen, n, ErrMismatch)
	}
	return theta, nil
}

// scoresAs reports whether two models have the same score, on some rows.
func (s *Model) scoresAs(m *Model) bool {
	const n = 16
	x, a, b := mat.NewDense(n, m.dim, nil), mat.NewDense(n, m.dim, nil), mat.NewDense(n, m.dim, nil)
	noise.White{}.Normal(x, noise.Draw{Purpose: noise.Init})
	t, _ := sde.TimeInSpan(m.process, 0)
	cond := m.conditionsOf(n)
	(&View{m: m, cond: cond}).Score(a, x, []float64{t})
	(&View{m: s, cond: cond}).Score(b, x, []float64{t})
	return mat.EqualApprox(a, b, 1e-4)
}
