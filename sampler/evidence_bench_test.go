package sampler_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/posterior"
)

// BenchmarkEvidence measures the tables in the documentation of Twisted and Steered, which
// are of 40 runs of 256 particles:
//
//	go test ./sampler -run - -bench Evidence -benchtime 1x
func BenchmarkEvidence(b *testing.B) {
	const runs, number = 40, 256
	p, law := threeModes(b, sde.EDM{}), threeLaw(b)
	report := func(b *testing.B, logs []float64, exact float64) {
		times := make([]float64, len(logs))
		for i, v := range logs {
			times[i] = math.Exp(v - exact)
		}
		mean, deviation := stat.MeanStdDev(times, nil)
		b.ReportMetric(mean, "of-the-exact-one")
		b.ReportMetric(deviation, "sd")
	}
	for _, steps := range []int{20, 50, 100} {
		for _, m := range []posterior.Method{posterior.PiGDM{}, posterior.MMPS{}} {
			b.Run(fmt.Sprintf("Twisted/%T/steps=%d", m, steps), func(b *testing.B) {
				_, exact := posteriorOf(b, law, projected(.1, .1), 0)
				for range b.N {
					_, trace := particles(b, p, m, projected(.1, .1), runs*number, steps, sampler.Particles{Number: number})
					report(b, trace.LogEvidence, exact)
				}
			})
		}
	}
	for _, τ := range []float64{0.03, 0.1, 0.5} {
		for _, of := range []struct {
			name  string
			width float64
		}{{"0", 0}, {"2τ", 2 * τ}, {"τ", τ}, {"half_τ", τ / 2}, {"huge", 1e9}, {"none_before_the_end", 1e-9}} {
			b.Run(fmt.Sprintf("Steered/τ=%g/W=%s", τ, of.name), func(b *testing.B) {
				_, exact := posteriorOf(b, law, projected(τ, .1), 0)
				reward, err := posterior.NewLikelihood(projected(τ, .1), sde.Frame{})
				require.NoError(b, err)
				for range b.N {
					trace := new(sampler.Trace)
					s := sampler.Steered{Reward: reward, Width: of.width, Particles: sampler.Particles{Number: number, Trace: trace}}
					err := sampler.Sample(b.Context(), mat.NewDense(runs*number, 2, nil), p, s, &sampler.Settings{Grid: grid.Conditional(p.SDE, 50), Seed: 7})
					require.NoError(b, err)
					report(b, trace.LogEvidence, exact)
				}
			})
		}
	}
}

// BenchmarkSpread measures the spread in the documentation of Twisted: of the columns that are
// not observed of normal data in 4 columns with correlations of .6 to their neighbours, of
// which the first is observed with noise .1, in units of the exact one, of 4,096 particles.
//
//	go test ./sampler -run - -bench Spread -benchtime 1x
func BenchmarkSpread(b *testing.B) {
	const n, d = 4096, 4
	cov := mat.NewSymDense(d, nil)
	for i := range d {
		for j := i; j < d; j++ {
			cov.SetSym(i, j, math.Pow(.6, float64(j-i)))
		}
	}
	law, err := dataset.NewMixture([]float64{1}, mat.NewDense(1, d, nil), []*mat.SymDense{cov}, nil)
	require.NoError(b, err)
	o := posterior.Observation{Operator: posterior.Matrix{A: mat.NewDense(1, d, []float64{1, 0, 0, 0})}, Y: mat.NewDense(1, 1, []float64{1}), Noise: posterior.Noise{Deviation: .1}}
	post, _ := posteriorOf(b, law, o, 0)
	var exact mat.SymDense
	post.Cov(&exact)
	p := sde.Problem{SDE: sde.EDM{}, Score: sde.Analytic(sde.EDM{}, law.Diffuse)}
	for _, steps := range []int{18, 40} {
		b.Run(fmt.Sprintf("steps=%d", steps), func(b *testing.B) {
			for range b.N {
				x, _ := particles(b, p, posterior.PiGDM{}, o, n, steps, sampler.Particles{})
				least, most := math.Inf(1), 0.
				for j := 1; j < d; j++ {
					ratio := stat.StdDev(mat.Col(nil, j, x), nil) / math.Sqrt(exact.At(j, j))
					least, most = min(least, ratio), max(most, ratio)
				}
				b.ReportMetric(least, "least")
				b.ReportMetric(most, "most")
			}
		})
	}
}
