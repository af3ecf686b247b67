package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	inverse "github.com/gradlogp/gradlogp/sde/posterior"
)

// inData is a model of three columns of other units than its own.
func inData(t *testing.T, c Config) *Model {
	m := newModel(t, 3, c)
	m.shift, m.scale, m.calibrated = []float64{5, 0, -1e3}, []float64{1e-3, 1, 1e3}, true
	return m.Float64()
}

// What a method makes of a network is what its equation says, with the Jacobian found
// column by column.
func TestPosteriorOfAModelIsThatOfItsEquation(t *testing.T) {
	const n, d, k = 5, 3, 2
	a := mat.NewDense(k, d, []float64{1e3, 1, 0, 0, 2, 1e-3})
	o := inverse.Observation{Operator: inverse.Matrix{A: a}, Y: mat.NewDense(1, k, []float64{5001, .5}), Noise: inverse.Noise{Deviations: []float64{.1, 2}}}
	for name, c := range map[string]struct {
		m      *Model
		method inverse.Method
	}{
		"PiGDM": {inData(t, Config{}), inverse.PiGDM{}}, "DPS": {inData(t, Config{}), inverse.DPS{}},
		"MMPS, symmetric": {inData(t, Config{Net: spherical}), inverse.MMPS{}},
	} {
		p := c.m.Problem()
		q, err := c.method.Given(p, o)
		require.NoError(t, err, name)
		require.NoError(t, q.Validate(n, d))
		x, at := normals(n, d, 1), []float64{.7}
		α, σ := p.Kernel(at[0])
		got, s := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
		q.Score.Score(got, x, at)
		jacobians := make([]*mat.Dense, n)
		for i := range jacobians {
			jacobians[i] = mat.NewDense(d, d, nil)
		}
		for j := range d {
			v, jv := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
			for i := range n {
				v.Set(i, j, 1)
			}
			c.m.Unconditional().JVP(s, jv, x, v, at)
			for i := range n {
				for l := range d {
					jacobians[i].Set(l, j, σ*σ/α*jv.At(i, l))
				}
				jacobians[i].Set(j, j, jacobians[i].At(j, j)+1/α) // of D
			}
		}
		h := mat.DenseCopyOf(a)
		h.Apply(func(_, j int, v float64) float64 { return v * c.m.scale[j] }, h)
		for i := range n {
			residual := mat.NewVecDense(k, nil)
			clean := mat.NewVecDense(d, nil)
			for j := range d {
				clean.SetVec(j, c.m.shift[j]+c.m.scale[j]*(x.At(i, j)+σ*σ*s.At(i, j))/α)
			}
			residual.MulVec(a, clean)
			residual.SubVec(o.Y.RowView(0), residual)
			var v, hv, spread, back mat.Dense
			switch c.method.(type) {
			case inverse.MMPS:
				v.Scale(σ*σ/α, jacobians[i])
			default:
				v.CloneFrom(mat.NewDiagDense(d, []float64{1, 1, 1}))
				v.Scale(σ*σ/(α*α+σ*σ), &v)
			}
			hv.Mul(h, &v)
			spread.Mul(&hv, h.T())
			if name == "DPS" {
				spread.Zero()
			}
			for l, τ := range o.Noise.Deviations {
				spread.Set(l, l, spread.At(l, l)+τ*τ)
			}
			require.NoError(t, residual.SolveVec(&spread, residual))
			back.Mul(jacobians[i].T(), h.T())
			var term mat.VecDense
			term.MulVec(&back, residual)
			if name == "DPS" { // ends where D + (σ²/α) c term is nearest to y
				var e, whitened mat.VecDense
				e.MulVec(h, &term)
				e.ScaleVec(σ*σ/α, &e)
				require.NoError(t, whitened.SolveVec(&spread, &e))
				term.ScaleVec(max(0, min(1, mat.Dot(&e, residual)/mat.Dot(&e, &whitened))), &term)
			}
			for j := range d {
				require.InDelta(t, s.At(i, j)+term.AtVec(j), got.At(i, j), 1e-9*(1+mat.Norm(&term, 2)), "%s, row %d", name, i)
			}
		}
	}
}

// A model with a level for each column keeps what it knows exactly, beside a sum that
// is seen with noise.
func TestKnownCellsStayKnownUnderAnObservation(t *testing.T) {
	const n = 6
	m := framed(t, Config{})
	v := m.Observe(observed(5.001, nan, nan))
	sum := inverse.Observation{Operator: inverse.Matrix{A: mat.NewDense(1, 3, []float64{1, 1, 1e-3})}, Y: mat.NewDense(1, 1, []float64{4}), Noise: inverse.Noise{Deviation: 2}}
	for _, method := range []inverse.Method{inverse.DPS{}, inverse.PiGDM{}, inverse.TMPD{}, inverse.MMPS{}} {
		q, err := method.Given(v.Problem(), sum)
		require.NoError(t, err)
		x, s, again := normals(n, 3, 1), mat.NewDense(n, 3, nil), mat.NewDense(n, 3, nil)
		at := []float64{.5}
		q.Score.Score(s, x, at)
		for i := range n {
			x.Set(i, 0, math.NaN())
		}
		q.Score.Score(again, x, at)
		for i := range n {
			require.Equal(t, s.RawRowView(i)[1:], again.RawRowView(i)[1:], "%T: what x holds in a known cell does not matter", method)
		}
		rows := mat.NewDense(n, 3, nil)
		require.NoError(t, sampler.Sample(t.Context(), rows, q, sampler.Default(q.SDE), &sampler.Settings{Grid: grid.Conditional(q.SDE, 8)}))
		for i := range n {
			require.Equal(t, 5.001, rows.At(i, 0))
		}
	}
	_, err := inverse.MMPS{}.Given(m.Observe(observed(5.001, inf, nan)).Problem(), sum)
	require.ErrorContains(t, err, "column 1 is left out")
}

// A model that is trained again gets another frame, in which the observation is then.
func TestPosteriorFollowsTheFrameOfItsModel(t *testing.T) {
	m := inData(t, Config{})
	o := inverse.Observation{Operator: inverse.Mask{In: 3, Columns: []int{2}}, Y: mat.NewDense(1, 1, []float64{200}), Noise: inverse.Noise{Deviation: 10}}
	before, err := inverse.PiGDM{}.Given(m.Problem(), o)
	require.NoError(t, err)
	m.scale = []float64{1, 2, 3}
	require.ErrorContains(t, before.Validate(1, 3), "Problem.Frame")
	after, err := inverse.PiGDM{}.Given(m.Problem(), o)
	require.NoError(t, err)
	again, ok := sde.As[sde.Origin](before.Score)
	require.True(t, ok)
	x, a, b := normals(2, 3, 1), mat.NewDense(2, 3, nil), mat.NewDense(2, 3, nil)
	after.Score.Score(a, x, []float64{.4})
	again.Problem().Score.Score(b, x, []float64{.4})
	require.Equal(t, a, b)
}
