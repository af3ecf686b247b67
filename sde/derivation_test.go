package sde_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Checks sde (3).
func TestLogSNRFallsAtTheRateOfTheNoise(t *testing.T) {
	for i, p := range processes {
		if _, ok := p.(*sde.Discrete); ok {
			continue // no difference quotient fits the corners at whole times
		}
		t.Run(fmt.Sprintf("%d %T", i, p), func(t *testing.T) {
			start, end := p.Span()
			for _, share := range []float64{0.1, 0.5, 0.9} {
				at := start + share*(end-start)
				_, sigma := p.Kernel(at)
				_, g2 := p.Rates(at)
				falls := slope(func(t float64) float64 { return sde.LogSNR(p, t) }, at, 1e-3*at)
				require.InEpsilon(t, -g2/(2*sigma*sigma), falls, 1e-8)
			}
		})
	}
}

// The equation of Fokker and Planck, on a mixture, whose density, score and
// divergence are exact at every time: the slope of log p_t is a difference in time.
//
// Checks sde (12).
func TestDensitiesChangeAsTheirProcessSays(t *testing.T) {
	m := mixture(t)
	for _, p := range []sde.SDE{sde.VP{}, sde.SubVP{}, sde.Cosine{}, sde.VE{}, sde.EDM{}, sde.Linear{}} {
		t.Run(fmt.Sprintf("%T", p), func(t *testing.T) {
			start, end := p.Span()
			s := sde.Analytic(p, m.Diffuse).(sde.Divergencer)
			for _, share := range []float64{0.02, 0.3, 0.9} {
				at := start + share*(end-start)
				f, g2 := p.Rates(at)
				alpha, sigma := p.Kernel(at)
				x := random(rand.New(rand.NewPCG(5, 5)), 4, 2)
				x.Scale(alpha+sigma, x)
				score, div := mat.NewDense(4, 2, nil), make([]float64, 4)
				s.Divergence(score, div, x, []float64{at})
				for i := range 4 {
					row, si := x.RawRowView(i), score.RawRowView(i)
					changes := slope(func(t float64) float64 { return m.Diffuse(p.Kernel(t)).LogProb(row) }, at, 1e-3*at)
					spread := g2 / 2 * (div[i] + si[0]*si[0] + si[1]*si[1])
					carried := f * (2 + row[0]*si[0] + row[1]*si[1])
					require.InDelta(t, spread-carried, changes, 1e-8*(1+g2+g2*(si[0]*si[0]+si[1]*si[1])))
				}
			}
		})
	}
}
