package score

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/sde"
)

// Progressive halves the number of steps that samples take (Salimans & Ho 2022): the model
// learns the clean row for which one step of sampler.DDIM is as two of the
// Settings.Teacher on Grid,
//
//	x_m = α_m D + σ_m/σ_t (x_t − α_t D),   x_r likewise from x_m and the teacher's D(x_m, m),
//	x̃₀ = (x_r − σ_r/σ_t x_t)/(α_r − σ_r/σ_t α_t),   loss w(t)‖D(x_t, t) − x̃₀‖²,
//
// t, m and r being successive points of the Grid. It is for a model without
// Config.FlowMap, best a Clone of its teacher, whose score is no longer that of the data
// afterwards but good for Halved, with sampler.DDIM: which is the teacher of the next run.
//
// As Settings.Objective it is also the distribution of the times, each of them as
// frequent as the others; Settings.Times has to be nil.
type Progressive struct {
	// Grid holds the teacher's times, decreasing, an odd number of points from three on: one step
	// of the model is two of these. The last may be 0. grid.Halving begins a chain that ends
	// at good times for few steps.
	Grid []float64
}

// Halved returns every other point of the Grid, on which the model samples.
func (o Progressive) Halved() []float64 {
	var half []float64
	for i := 0; i < len(o.Grid); i += 2 {
		half = append(half, o.Grid[i])
	}
	return half
}

// Loss returns the loss of each row.
func (o Progressive) Loss(b *nn.Build, f Fields, d Batch) *ad.Expr { return DSM{}.Loss(b, f, d) }

// Quantile implements Times.
func (o Progressive) Quantile(_ sde.SDE, u float64) float64 {
	n := len(o.Grid) / 2
	return o.Grid[2*min(int(u*float64(n)), n-1)]
}

// Validate implements nn.Validator.
func (o Progressive) Validate() error {
	if n := len(o.Grid); n < 3 || n%2 == 0 {
		return fmt.Errorf("Progressive.Grid: has %d points, want an odd number from 3 on: %w", n, ErrRange)
	}
	for i, t := range o.Grid {
		if !(t >= 0 && finite(t)) || i > 0 && t >= o.Grid[i-1] {
			return fmt.Errorf("Progressive.Grid[%d]: is %v, want decreasing times ≥ 0: %w", i, t, ErrRange)
		}
	}
	return nil
}

// suits returns an error for a run that Progressive is not for, and makes its times those
// of the Grid.
func (o Progressive) suits(m *Model, s *Settings, times Times) error {
	const field = "score: Fit: Settings.Objective: is Progressive"
	switch {
	case m.maps:
		return fmt.Errorf("%s for a model with Config.FlowMap, want one without: %w", field, ErrRange)
	case s.Teacher == nil:
		return fmt.Errorf("%s without a Settings.Teacher, want the model whose steps to halve: %w", field, ErrRange)
	case s.Teacher.maps:
		return fmt.Errorf("%s, and the Settings.Teacher has Config.FlowMap, want one without: %w", field, ErrRange)
	case times != nil:
		return fmt.Errorf("%s, but Settings.Times a %T, want nil: the times are those of the Grid: %w", field, times, ErrRange)
	}
	for i, t := range o.Grid[:len(o.Grid)-1] {
		if _, ok := sde.InSpan(m.process, t); !ok {
			start, end := m.process.Span()
			return fmt.Errorf("%s, whose Grid[%d] is %v, want a time in the span [%v, %v]: %w", field, i, t, start, end, ErrRange)
		}
	}
	s.Times = o
	return nil
}

// twoSteps replaces the clean rows that a teacher sees at the times t in the rows x by those
// for which one step of DDIM is as two.
func (o Progressive) twoSteps(v *View, clean, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	middle, next, mid := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), make([]float64, n)
	p := v.m.process
	for i, t := range t {
		mid[i] = o.Grid[slices.Index(o.Grid, t)+1]
		αt, σt := p.Kernel(t)
		αm, σm := p.Kernel(mid[i])
		out, x, D := middle.RawRowView(i), x.RawRowView(i), clean.RawRowView(i)
		for j := range out {
			out[j] = αm*D[j] + σm/σt*(x[j]-αt*D[j])
		}
	}
	v.denoise(next, middle, mid)
	for i, t := range t {
		αt, σt := p.Kernel(t)
		αm, σm := p.Kernel(mid[i])
		αr, σr := p.Kernel(o.Grid[slices.Index(o.Grid, t)+2])
		out, x, xm, D := clean.RawRowView(i), x.RawRowView(i), middle.RawRowView(i), next.RawRowView(i)
		for j := range out {
			xr := αr*D[j] + σr/σm*(xm[j]-αm*D[j])
			out[j] = (xr - σr/σt*x[j]) / (αr - σr/σt*αt)
		}
	}
}

var (
	_ Objective    = Progressive{}
	_ Times        = Progressive{}
	_ nn.Validator = Progressive{}
)
