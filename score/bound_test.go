package score

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sde"
)

// shrink is the exact denoiser of N(m, v I) with noise σ added.
type shrink struct{ mean, v, σ float64 }

func (s shrink) Denoise(dst, x []float64) []float64 {
	for j := range x {
		dst[j] = s.mean + s.v/(s.v+s.σ*s.σ)*(x[j]-s.mean)
	}
	return dst
}

// boundOf is KLBound of a model that has one scale.
func boundOf(t *testing.T, m *Model, clean *mat.Dense, exact func(alpha, sigma float64) Denoiser, seed uint64) float64 {
	t.Helper()
	bound, err := KLBound(m, clean, exact, seed)
	require.NoError(t, err)
	return bound
}

// A network that is 0 denoises N(0, 1) exactly, in model coordinates.
func TestKLBoundIsZeroForTheExactScoreAndTheIntegralOtherwise(t *testing.T) {
	t.Parallel()
	const d, mean, scale = 2, 3.0, 1.7
	for name, p := range map[string]sde.SDE{"EDM": sde.EDM{}, "VP": sde.VP{}, "VE": sde.VE{}} {
		m := newDead(t, d, Config{Process: p, Net: killed{nn.Linear{Out: d}}, MinNoise: None})
		for j := range d {
			m.shift[j], m.scale[j] = mean, scale
		}
		for _, ratio := range []float64{1, 0.5, 1.5} { // true deviation over the model's
			v := ratio * ratio * scale * scale
			clean := normals(3000, d, 1)
			clean.Apply(func(_, _ int, z float64) float64 { return mean + math.Sqrt(v)*z }, clean)
			bound := boundOf(t, m, clean, func(_, σ float64) Denoiser { return shrink{mean, v, σ} }, 1)
			if ratio == 1 {
				require.Less(t, bound, 1e-8, name)
				continue
			}
			// ∫ E‖D − D*‖²/σ² d ln σ, by the midpoint rule on a fine grid.
			want, steps := 0.0, 20000
			h := math.Log(20/0.003) / float64(steps)
			for k := range steps {
				σ := 0.003 * math.Exp((float64(k)+0.5)*h)
				e := scale*scale/(scale*scale+σ*σ) - v/(v+σ*σ)
				want += h * e * e * (v + σ*σ) * d / (σ * σ)
			}
			require.InEpsilon(t, want, bound, 0.03, name)
		}
	}
}

// off is wrong by σ in each coordinate.
type off struct{ shrink }

func (o off) Denoise(dst, x []float64) []float64 {
	o.shrink.Denoise(dst, x)
	for j := range dst {
		dst[j] += o.σ
	}
	return dst
}

// An error of σ makes the integrand d at every level, so that every weight of
// the sum counts.
func TestKLBoundIsTheLengthOfItsIntervalForAnErrorOfSigma(t *testing.T) {
	m := newDead(t, 3, Config{Net: killed{nn.Linear{Out: 3}}, MinNoise: None})
	bound := boundOf(t, m, normals(20, 3, 1), func(_, σ float64) Denoiser { return off{shrink{0, 1, σ}} }, 1)
	require.InEpsilon(t, 3*math.Log(20/0.003), bound, 1e-4)
}

func TestKLBoundDependsOnItsSeedOnly(t *testing.T) {
	m := newModel(t, 2, Config{})
	clean := normals(50, 2, 1)
	exact := func(_, σ float64) Denoiser { return shrink{0, 1, σ} }
	require.Equal(t, boundOf(t, m, clean, exact, 1), boundOf(t, m, clean, exact, 1))
	require.NotEqual(t, boundOf(t, m, clean, exact, 1), boundOf(t, m, clean, exact, 2))
}

// One Oracle serves many looks, and they do not depend on the processors.
func TestOracleIsMadeOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	clean := normals(700, 2, 1)
	exact := func(_, σ float64) Denoiser { return shrink{0.1, 2, σ} }
	models := []*Model{newModel(t, 2, Config{Seed: 1}), newModel(t, 2, Config{Seed: 2})}
	want := []float64{boundOf(t, models[0], clean, exact, 5), boundOf(t, models[1], clean, exact, 5)}
	require.NotEqual(t, want[0], want[1])
	for _, procs := range []int{1, 4} {
		runtime.GOMAXPROCS(procs)
		oracle := NewOracle(clean, exact, 5)
		for range 2 {
			for k, m := range models {
				got, err := oracle.KLBound(m)
				require.NoError(t, err)
				require.Equal(t, want[k], got)
			}
		}
	}
}

func TestKLBoundRefusesAScalePerColumn(t *testing.T) {
	m := newModel(t, 2, Config{})
	m.scale[1] = 2
	_, err := KLBound(m, mat.NewDense(3, 2, nil), (func(_, _ float64) Denoiser)(nil), 1)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "the scale of column 1 is 2, that of column 0 is 1, want one: train with Settings.Scaling CommonScale")
	require.PanicsWithValue(t, badShape+": clean has 1 columns, the model has 2", func() { _, _ = KLBound(m, mat.NewDense(3, 1, nil), (func(_, _ float64) Denoiser)(nil), 1) })
	for _, clean := range []*mat.Dense{nil, mat.NewDense(3, 2, nil)} {
		require.Panics(t, func() { NewOracle(clean, (func(_, _ float64) Denoiser)(nil), 1) })
	}
}
