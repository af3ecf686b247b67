package sampler_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// threeLaw is the distribution of threeModes.
func threeLaw(t testing.TB) *dataset.Mixture {
	mix, err := dataset.NewIsotropicMixture([]float64{0.5, 0.3, 0.2},
		mat.NewDense(3, 2, []float64{1.2, 0.3, -0.9, 0.8, -0.2, -1.1}), []float64{0.35, 0.3, 0.4}, noise.Rand(1, noise.Draw{Purpose: noise.Data}))
	require.NoError(t, err)
	return mix
}

// flowDensity is what LogProb should give: the exact log-density at the start of
// the span, but with the prior in place of the marginal at its end.
func flowDensity(law *dataset.Mixture, p sde.SDE, prior sde.Prior, x, latent []float64) float64 {
	start, end := p.Span()
	at := law.Diffuse(p.Kernel(end))
	return law.Diffuse(p.Kernel(start)).LogProb(x) + normalLogProb(prior, p, end, latent) - at.LogProb(latent)
}

func normalLogProb(prior sde.Prior, p sde.SDE, t float64, x []float64) float64 {
	alpha, sigma := p.Kernel(t)
	sum := 0.0
	for j, v := range x {
		m, s2 := 0.0, alpha*alpha+sigma*sigma
		if prior.Mean != nil {
			m = alpha * prior.Mean[j]
		}
		if prior.Variance != nil {
			s2 = alpha*alpha*prior.Variance[j] + sigma*sigma
		}
		sum += -0.5*math.Log(2*math.Pi*s2) - (v-m)*(v-m)/(2*s2)
	}
	return sum
}

// points are data rows and rows some to 40 standard deviations out.
func points(law *dataset.Mixture, data int) *mat.Dense {
	x := dataset.Sample(law, data)
	var far []float64
	for _, r := range []float64{1, 2, 4, 8, 40 * 0.4} {
		for k := range 8 {
			sin, cos := math.Sincos(2 * math.Pi * (float64(k) + 0.3) / 8)
			far = append(far, r*cos, r*sin)
		}
	}
	rows := append(slices.Clone(x.RawMatrix().Data), far...)
	return mat.NewDense(len(rows)/2, 2, rows)
}

// flowErrors returns |LogProb − its exact value| of every row.
func flowErrors(t *testing.T, law *dataset.Mixture, p sde.SDE, x *mat.Dense, tol float64) ([]float64, []float64, *sampler.FlowResult) {
	n, _ := x.Dims()
	dst, off := make([]float64, n), make([]float64, n)
	r, err := sampler.LogProb(context.Background(), dst, x, threeModes(t, p), &sampler.FlowSettings{RTol: tol, ATol: tol, Latents: true})
	require.NoError(t, err)
	for i := range off {
		off[i] = math.Abs(dst[i] - flowDensity(law, p, sde.Prior{}, x.RawRowView(i), r.Latents.RawRowView(i)))
	}
	return dst, off, r
}

var flowProcesses = []struct {
	name string
	sde.SDE
}{{"VP", sde.VP{}}, {"sub-VP", sde.SubVP{}}, {"VE", sde.VE{}}, {"EDM", sde.EDM{}}, {"cosine", sde.Cosine{}}, {"linear", sde.Linear{}}}

// Checks sampler (47) and (48).
func TestLogProbErrsAsToleratedOnEveryRow(t *testing.T) {
	long(t)
	law := threeLaw(t)
	for i, p := range flowProcesses {
		data := 400
		if i > 0 {
			data = 50
		}
		x := points(law, data)
		for _, tol := range []float64{1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8} {
			dst, off, r := flowErrors(t, law, p.SDE, x, tol)
			if tol < 1e-3 {
				for i := range off {
					require.LessOrEqual(t, off[i], 40*tol*max(1, math.Abs(dst[i])), "%s, tolerance %g, row %d: %v", p.name, tol, i, x.RawRowView(i))
				}
				require.LessOrEqual(t, stat.Mean(off[:data], nil), 10*tol, "%s, tolerance %g", p.name, tol)
			}
			evals, truncation, mismatch := 0.0, 0.0, 0.0
			for i := range data {
				row, latent := x.RawRowView(i), r.Latents.RawRowView(i)
				evals += float64(r.Evaluations[i]) / float64(data)
				truncation += (law.Diffuse(p.Kernel(r.Start)).LogProb(row) - law.LogProb(row)) / float64(data)
				mismatch += (r.LogPrior[i] - law.Diffuse(p.Kernel(r.End)).LogProb(latent)) / float64(data)
			}
			t.Logf("%s, tolerance %.0e: %.1f evaluations, mean error %.2g nats; truncation at %g %.2g nats, prior mismatch %.2g nats",
				p.name, tol, evals, stat.Mean(off[:data], nil), r.Start, truncation, mismatch)
		}
	}
}

func TestLogProbKnowsItsError(t *testing.T) {
	long(t)
	law := threeLaw(t)
	x := points(law, 200)
	for _, p := range flowProcesses {
		for _, tol := range []float64{1e-5, 1e-6} {
			_, off, r := flowErrors(t, law, p.SDE, x, tol)
			beyond, ratios := 0, make([]float64, len(off))
			for i := range off {
				ratios[i] = r.Error[i] / off[i]
				if off[i] > r.Error[i] {
					beyond++
				}
				require.Less(t, off[i], 5*r.Error[i], "%s, tolerance %g, row %d: %v", p.name, tol, i, x.RawRowView(i))
			}
			slices.Sort(ratios)
			require.Less(t, float64(beyond), 0.05*float64(len(off)), "%s, tolerance %g", p.name, tol)
			require.Less(t, ratios[len(ratios)/2], 300., "%s, tolerance %g: too cautious", p.name, tol)
			t.Logf("%s, tolerance %g: %d of %d beyond the estimate, which is %.2g times the error", p.name, tol, beyond, len(off), ratios[len(ratios)/2])
		}
	}
}

func TestDensitiesIntegrateToOne(t *testing.T) {
	long(t)
	const side, half = 120, 4.0
	x := mat.NewDense(side*side, 2, nil)
	for i := range side * side {
		x.SetRow(i, []float64{half * (2*(float64(i%side)+0.5)/side - 1), half * (2*(float64(i/side)+0.5)/side - 1)})
	}
	logp := make([]float64, side*side)
	_, err := sampler.LogProb(context.Background(), logp, x, threeModes(t, sde.VP{}), &sampler.FlowSettings{RTol: 1e-4, ATol: 1e-4})
	require.NoError(t, err)
	sum := 0.0
	for _, v := range logp {
		sum += math.Exp(v) * (2 * half / side) * (2 * half / side)
	}
	require.InDelta(t, 1, sum, 2e-3)
}

func TestLatentsDecodeToTheirRows(t *testing.T) {
	long(t)
	law := threeLaw(t)
	x := points(law, 200)
	const tol = 1e-6
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}} {
		_, _, r := flowErrors(t, law, p, x, tol)
		back := mat.DenseCopyOf(r.Latents)
		require.NoError(t, sampler.Continue(context.Background(), back, threeModes(t, p), sampler.DormandPrince{RTol: 1e-9, ATol: 1e-9},
			&sampler.Settings{Grid: []float64{r.End, r.Start}, Final: sampler.FinalState}))
		for i := range 200 {
			for j := range 2 {
				require.InDelta(t, x.At(i, j), back.At(i, j), 100*tol, "row %d", i)
			}
		}
	}
}

func TestSamplesComeWithTheirDensity(t *testing.T) {
	long(t)
	law := threeLaw(t)
	for _, p := range []sde.SDE{sde.VP{}, sde.EDM{}} {
		x, logp := mat.NewDense(100, 2, nil), make([]float64, 100)
		s := &sampler.FlowSettings{RTol: 1e-7, ATol: 1e-7, Seed: 3, Latents: true}
		r, err := sampler.SampleLogProb(context.Background(), x, logp, threeModes(t, p), s)
		require.NoError(t, err)
		again := make([]float64, 100)
		_, err = sampler.LogProb(context.Background(), again, x, threeModes(t, p), s)
		require.NoError(t, err)
		same := mat.NewDense(100, 2, nil)
		start, end := p.Span()
		require.NoError(t, sampler.Sample(context.Background(), same, threeModes(t, p), sampler.DormandPrince{RTol: 1e-9, ATol: 1e-9},
			&sampler.Settings{Grid: []float64{end, start}, Final: sampler.FinalState, Seed: 3}))
		for i := range logp {
			want := flowDensity(law, p, sde.Prior{}, x.RawRowView(i), r.Latents.RawRowView(i))
			require.InDelta(t, want, logp[i], 40*1e-7*max(1, math.Abs(want)))
			require.InDelta(t, again[i], logp[i], 80*1e-7*max(1, math.Abs(want)))
			require.InDelta(t, same.At(i, 0), x.At(i, 0), 1e-5)
		}
	}
}

func TestDensitiesAreThoseOfTheDataNotOfTheModel(t *testing.T) {
	t.Parallel()
	p := threeModes(t, sde.VP{})
	y := points(threeLaw(t), 20)
	n, _ := y.Dims()
	inModel, inData := make([]float64, n), make([]float64, n)
	_, err := sampler.LogProb(context.Background(), inModel, y, p, nil)
	require.NoError(t, err)
	x := mat.NewDense(n, 2, nil)
	x.Apply(func(_, j int, v float64) float64 { return []float64{3, -1}[j] + []float64{2, -5}[j]*v }, y)
	p.Frame = sde.Frame{Shift: []float64{3, -1}, Scale: []float64{2, -5}}
	_, err = sampler.LogProb(context.Background(), inData, x, p, nil)
	require.NoError(t, err)
	for i := range inData {
		require.InDelta(t, inModel[i]-math.Log(10), inData[i], 1e-3*math.Max(1, math.Abs(inData[i])))
	}
	back, logp := mat.NewDense(5, 2, nil), make([]float64, 5)
	_, err = sampler.SampleLogProb(context.Background(), back, logp, p, nil)
	require.NoError(t, err)
	again := make([]float64, 5)
	_, err = sampler.LogProb(context.Background(), again, back, p, nil)
	require.NoError(t, err)
	require.InDeltaSlice(t, again, logp, 1e-3)
}

func TestFlowBitsDoNotDependOnWorkersOrBatches(t *testing.T) {
	t.Parallel()
	rows := 1100
	if racing {
		rows = 600 // two chunks
	}
	p := threeModes(t, sde.EDM{})
	x := dataset.Sample(threeLaw(t), rows)
	for _, probes := range []int{0, 3} {
		run := func(x *mat.Dense, workers, first int) ([]float64, *sampler.FlowResult) {
			n, _ := x.Dims()
			dst := make([]float64, n)
			r, err := sampler.LogProb(context.Background(), dst, x, p, &sampler.FlowSettings{
				RTol: 1e-2, ATol: 1e-2, Probes: probes, Workers: workers, FirstRow: first, Latents: true,
			})
			require.NoError(t, err)
			return dst, r
		}
		want, all := run(x, 1, 0)
		for _, workers := range []int{0, 7} {
			got, r := run(x, workers, 0)
			require.Equal(t, want, got)
			require.Equal(t, all.Error, r.Error)
			require.Equal(t, all.StdErr, r.StdErr)
			require.Equal(t, all.Evaluations, r.Evaluations)
			sameBits(t, all.Latents, r.Latents)
		}
		for _, batch := range []int{1, 7, 64} {
			got, _ := run(x.Slice(100, 100+batch, 0, 2).(*mat.Dense), 2, 100)
			require.Equal(t, want[100:100+batch], got)
		}
	}
}
