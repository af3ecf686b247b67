package posterior

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// Of one number that spreads by v given x_t, what DPS takes is J (y − D)/max(τ², v), where
// J (y − D)/(τ² + v) is exact for normal data: of half to once the size of the published
// (y − D) J/τ² where that is right, and never many times what is right.
func TestDPSGoesNoFartherThanWhatIsObserved(t *testing.T) {
	const y = 1.5
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, normal(t, []float64{0}, identity(1, 1)).Diffuse)}
	for _, τ := range []float64{1e-60, .03, .3, 3} {
		for _, noise := range []Noise{{Deviation: τ}, {Cov: identity(1, τ*τ)}} {
			q, err := DPS{}.Given(p, Observation{Operator: Mask{In: 1, Columns: []int{0}}, Y: mat.NewDense(1, 1, []float64{y}), Noise: noise})
			require.NoError(t, err)
			for _, σ := range []float64{.01, .3, 1, 30} {
				x, base, got := mat.NewDense(1, 1, []float64{.4}), mat.NewDense(1, 1, nil), mat.NewDense(1, 1, nil)
				p.Score.Score(base, x, []float64{σ})
				q.Score.Score(got, x, []float64{σ})
				slope := 1 / (1 + σ*σ)
				want := slope * (y - slope*.4) / max(τ*τ, σ*σ*slope)
				require.InEpsilon(t, want, got.At(0, 0)-base.At(0, 0), 1e-6, "τ = %v, σ = %v", τ, σ)
			}
		}
	}
}

// Where the derivatives of a network say that the term leads away from y, there is none.
func TestDPSDoesNotLeadAway(t *testing.T) {
	p := sde.Problem{SDE: sde.EDM{}, Score: slopes{0.5, -0.0099}}
	o := Observation{Operator: Mask{In: 2, Columns: []int{1}}, Y: mat.NewDense(1, 1, []float64{1}), Noise: Noise{Deviation: .1}}
	q, err := DPS{}.Given(p, o)
	require.NoError(t, err)
	x, base, got := mat.NewDense(1, 2, []float64{1, 1}), mat.NewDense(1, 2, nil), mat.NewDense(1, 2, nil)
	p.Score.Score(base, x, []float64{1})
	q.Score.Score(got, x, []float64{1})
	require.Equal(t, base, got)
}
