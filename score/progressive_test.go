package score

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde"
)

// ddim is one step from t to r with the clean rows D.
func ddim(p sde.SDE, x, D *mat.Dense, t, r float64) *mat.Dense {
	αt, σt := p.Kernel(t)
	αr, σr := p.Kernel(r)
	out := mat.DenseCopyOf(x)
	out.Apply(func(i, j int, x float64) float64 { return αr*D.At(i, j) + σr/σt*(x-αt*D.At(i, j)) }, out)
	return out
}

// Checks score (21).
func TestOneStepOfTheStudentIsTwoOfTheTeacher(t *testing.T) {
	for _, p := range []sde.SDE{sde.EDM{}, sde.VP{}} {
		teacher := newModel(t, 2, Config{Process: p}).Float64()
		v := teacher.Unconditional()
		start, end := p.Span()
		o := Progressive{Grid: []float64{end, 0.5 * end, 0.2 * end, 2 * start, 0}}
		require.Equal(t, []float64{end, 0.2 * end, 0}, o.Halved())
		x := normals(8, 2, 1)
		for k := 0; k < 4; k += 2 {
			at, mid, to := o.Grid[k], o.Grid[k+1], o.Grid[k+2]
			clean, first, second := mat.NewDense(8, 2, nil), mat.NewDense(8, 2, nil), mat.NewDense(8, 2, nil)
			times := make([]float64, 8)
			for i := range times {
				times[i] = at
			}
			v.denoise(first, x, times)
			clean.Copy(first)
			o.twoSteps(v, clean, x, times)
			middle := ddim(p, x, first, at, mid)
			for i := range times {
				times[i] = mid
			}
			v.denoise(second, middle, times)
			want, got := ddim(p, middle, second, mid, to), ddim(p, x, clean, at, to)
			require.True(t, mat.EqualApprox(want, got, 1e-9*math.Max(1, mat.Norm(x, 2))), "%T, step %d", p, k)
		}
	}
}

func TestProgressiveTimesAreThePointsThatTheStudentStartsFrom(t *testing.T) {
	teacher := newModel(t, 2, Config{})
	o := Progressive{Grid: []float64{8, 4, 2, 1, 0.5, 0.25, 0}}
	s, err := (&Settings{Batch: 60, Objective: o, Teacher: teacher}).withDefaults()
	require.NoError(t, err)
	m := teacher.Clone()
	require.NoError(t, s.suitsMap(m, &Settings{}))
	b := newBatcher(m, standard(2), &s, pool.New(1))
	require.NoError(t, b.fill(0))
	count := map[float64]int{}
	for _, at := range b.times {
		count[at]++
	}
	require.Equal(t, map[float64]int{8: 10, 2: 10, 0.5: 10}, count)
}

func TestProgressiveIsRefusedWhereItMakesNoSense(t *testing.T) {
	teacher := newModel(t, 2, Config{})
	grid := []float64{10, 1, 0}
	for want, s := range map[string]Settings{
		"odd number":           {Objective: Progressive{Grid: []float64{2, 1, 0.5, 0}}, Teacher: teacher},
		"decreasing":           {Objective: Progressive{Grid: []float64{2, 3, 0}}, Teacher: teacher},
		"in the span":          {Objective: Progressive{Grid: []float64{100, 3, 0}}, Teacher: teacher},
		"without a Settings.T": {Objective: Progressive{Grid: grid}},
		"want nil":             {Objective: Progressive{Grid: grid}, Teacher: teacher, Times: UniformTimes{}},
	} {
		_, err := Fit(t.Context(), teacher.Clone(), standard(2), &s)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, want)
	}
	_, err := Fit(t.Context(), newModel(t, 2, Config{FlowMap: true}), standard(2), &Settings{Objective: Progressive{Grid: grid}, Teacher: teacher})
	require.ErrorIs(t, err, ErrRange)
}

// A clone has the bits of the model and a life of its own.
func TestCloneSharesNothing(t *testing.T) {
	m := newModel(t, 2, Config{})
	c := m.Clone()
	x, a, b := normals(3, 2, 1), mat.NewDense(3, 2, nil), mat.NewDense(3, 2, nil)
	m.Unconditional().Score(a, x, []float64{1})
	c.theta[0]++
	c.setWeights(c.theta)
	c.shift[0]++
	m.Unconditional().Score(b, x, []float64{1})
	require.Equal(t, a, b)
	require.Zero(t, m.shift[0])
	_, err := Fit(t.Context(), c, standard(2), &Settings{Steps: 2, Batch: 16})
	require.NoError(t, err)
}
