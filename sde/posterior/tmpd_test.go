package posterior

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// The same information in other units is the same score: of a mass in kilograms and in
// grams beside a length, linear or not, whatever the noise.
func TestMethodsDoNotDependOnTheUnitsOfWhatIsObserved(t *testing.T) {
	const d, n = 4, 6
	frame := sde.Frame{Shift: []float64{2e-3, 1, -500, 5}, Scale: []float64{1e-3, 1, 1e3, .2}}
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, normal(t, []float64{0, 0, 0, 0}, covarianceOf(d, 8)).Diffuse), Frame: frame}
	times := timesOf(p.SDE, n)
	x := noised(p.SDE, normals(n, d, 5), times)
	units := []float64{1e3, 1e-3}
	linear := mat.NewDense(2, d, []float64{1, 1e-4, 0, 0, 0, 0, 1, 2e3})
	for name, op := range map[string]Operator{"linear": Matrix{linear}, "not linear": inUnits{Matrix{linear}, []float64{1, 1}}} {
		for _, noise := range []Noise{{}, {Deviations: []float64{3e-4, 300}}, {Cov: mat.NewSymDense(2, []float64{1e-7, .05, .05, 1e5})}} {
			o := Observation{op, mat.NewDense(1, 2, []float64{3e-3, 300}), noise}
			other := Observation{inUnits{op, units}, mat.NewDense(1, 2, []float64{3, .3}), Noise{Deviations: noise.Deviations, Cov: noise.Cov}}
			if name == "linear" {
				var a mat.Dense
				a.Mul(mat.NewDiagDense(2, units), linear)
				other.Operator = Matrix{&a}
			}
			if noise.Deviations != nil {
				other.Noise.Deviations = []float64{.3, .3}
			}
			if noise.Cov != nil {
				other.Noise.Cov = mat.NewSymDense(2, []float64{.1, .05, .05, .1})
			}
			for _, m := range []Method{TMPD{}, MMPS{}, PiGDM{}} {
				scores := []*mat.Dense{mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)}
				for i, o := range []Observation{o, other} {
					q, err := m.Given(p, o)
					require.NoError(t, err)
					q.Score.Score(scores[i], x, times)
				}
				for i, e := range differences(scores[1], scores[0]) {
					require.Less(t, e, 1e-7, "%T, %s, %+v, t = %v", m, name, noise, times[i])
				}
			}
		}
	}
}

// inUnits is an operator whose numbers are multiplied, and which does not say whether it
// is linear.
type inUnits struct {
	Operator
	by []float64
}

func (u inUnits) Apply(dst, x *mat.Dense) {
	u.Operator.Apply(dst, x)
	u.times(dst)
}

func (u inUnits) JVP(dst, x, v *mat.Dense) {
	u.Operator.JVP(dst, x, v)
	u.times(dst)
}

func (u inUnits) VJP(dst, x, w *mat.Dense) {
	w = mat.DenseCopyOf(w)
	u.times(w)
	u.Operator.VJP(dst, x, w)
}

func (u inUnits) times(y *mat.Dense) {
	y.Apply(func(_, k int, v float64) float64 { return v * u.by[k] }, y)
}

// A sum of 0 or below is no variance, and the noise alone made the score a hundred times
// what is left to explain.
func TestTMPDLeavesOutWhatHasNoVariance(t *testing.T) {
	p := sde.Problem{SDE: sde.EDM{}, Score: slopes{0.5, -0.0099}}
	x, at := mat.NewDense(1, 2, []float64{1, 1}), []float64{1}
	for _, noise := range []Noise{{Deviation: .1}, {Cov: identity(2, .01)}} {
		o := Observation{Operator: Mask{In: 2, Columns: []int{1, 0}}, Y: mat.NewDense(1, 2, []float64{1 - .0099, 1.5}), Noise: noise}
		q, err := TMPD{}.Given(p, o)
		require.NoError(t, err)
		base, got := mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)
		p.Score.Score(base, x, at)
		q.Score.Score(got, x, at)
		got.Sub(got, base)
		require.InDelta(t, .5/.51, got.At(0, 0), 1e-12)
		require.InDelta(t, 0, got.At(0, 1), 1e-12)
	}
}

// Two numbers that vary against each other have sums of a hundredth of their variances. The
// term goes no farther along its direction than the exact one.
func TestTMPDGoesNoFartherThanTheCovarianceSays(t *testing.T) {
	const v, n = -.99, 8
	cov := mat.NewSymDense(2, []float64{1, v, v, 1})
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, normal(t, []float64{0, 0}, cov).Diffuse)}
	o := Observation{Operator: Mask{In: 2, Columns: []int{0, 1}}, Y: mat.NewDense(1, 2, []float64{1, .3}), Noise: Noise{Deviation: .01}}
	q, err := TMPD{}.Given(p, o)
	require.NoError(t, err)
	exact, err := MMPS{}.Given(p, o)
	require.NoError(t, err)
	times := timesOf(p.SDE, n)
	x := noised(p.SDE, normals(n, 2, 5), times)
	base, got, want := mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil), mat.NewDense(n, 2, nil)
	p.Score.Score(base, x, times)
	q.Score.Score(got, x, times)
	exact.Score.Score(want, x, times)
	got.Sub(got, base)
	want.Sub(want, base)
	for i := range n {
		// With x₀ given x_t of covariance V, ∇ log p(y | x_t) = V a/σ² is exact for a = (V + Σ)⁻¹ r,
		// and longest along b where bᵀ(V + Σ)b = bᵀr: in the metric of (V + Σ)V⁻² it is not
		// longer than the exact one.
		σ2 := times[i] * times[i]
		var place, inverse, metric mat.Dense
		place.Add(cov, mat.NewDiagDense(2, []float64{σ2, σ2}))
		require.NoError(t, inverse.Inverse(&place))
		place.Mul(cov, &inverse)
		place.Scale(σ2, &place) // V
		require.NoError(t, inverse.Inverse(&place))
		place.Add(&place, mat.NewDiagDense(2, []float64{1e-4, 1e-4}))
		metric.Mul(&inverse, &place)
		metric.Mul(&metric, &inverse)
		size := func(g []float64) float64 {
			v := mat.NewVecDense(2, g)
			return mat.Inner(v, &metric, v)
		}
		require.LessOrEqual(t, size(got.RawRowView(i)), size(want.RawRowView(i))*(1+1e-6), "t = %v", times[i])
	}
}
