package sde_test

import (
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
)

// scoreOnly and withJacobian hide what else a density knows.
type scoreOnly struct{ sde.Density }

type withJacobian struct {
	sde.Density
	sde.Jacobian
}

func TestAnalyticIsALogProberExactlyWhenTheDensityAllowsIt(t *testing.T) {
	m := mixture(t)
	for _, c := range []struct {
		name          string
		at            func(alpha, sigma float64) sde.Density
		log, jacobian bool
	}{
		{"neither", func(a, s float64) sde.Density { return scoreOnly{m.Diffuse(a, s)} }, false, false},
		{"Jacobian", func(a, s float64) sde.Density {
			law := m.Diffuse(a, s)
			return withJacobian{scoreOnly{law}, law}
		}, false, true},
		{"log-density", standard().density, true, false},
		{"both", func(a, s float64) sde.Density { return m.Diffuse(a, s) }, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			score := sde.Analytic(sde.VP{}, c.at)
			_, log := score.(sde.LogProber)
			_, jacobian := score.(sde.Divergencer)
			require.Equal(t, c.log, log)
			require.Equal(t, c.jacobian, jacobian)
		})
	}
}

func TestScoreIsTheGradientOfLogProb(t *testing.T) {
	m := mixture(t)
	s := sde.Analytic(sde.VP{}, m.Diffuse).(sde.LogProber)
	x := mat.NewDense(3, 2, []float64{0.1, -0.3, 1.2, 0.4, -0.9, 0.8})
	times := []float64{0.1, 0.1, 0.7}
	got, logp := mat.NewDense(3, 2, nil), make([]float64, 3)
	s.Score(got, x, times)
	s.LogProb(logp, x, times)
	for i, u := range times {
		f := func(row []float64) float64 {
			out := make([]float64, 1)
			s.LogProb(out, mat.NewDense(1, 2, row), []float64{u})
			return out[0]
		}
		require.Equal(t, f(mat.Row(nil, i, x)), logp[i])
		grad := fd.Gradient(nil, f, mat.Row(nil, i, x), &fd.Settings{Formula: fd.Central})
		require.InDeltaSlice(t, got.RawRowView(i), grad, 1e-8)
	}
	panicsAbout(t, "sde: dimension mismatch: ", func() { s.LogProb(logp[:2], x, times) })
}
