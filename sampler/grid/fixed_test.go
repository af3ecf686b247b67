package grid_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// This file keeps what once went wrong, a test for each fault.

// point is the score of data that are one point.
type point struct {
	sde.SDE
	at float64
}

func (p point) Score(dst, x *mat.Dense, t []float64) {
	n, d := x.Dims()
	for i := range n {
		alpha, sigma := p.Kernel(t[min(i, len(t)-1)])
		for j := range d {
			dst.Set(i, j, (alpha*p.at-x.At(i, j))/sigma/sigma)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// processes are those whose levels are numbers that a user would write, and all
// others.
var processes = []sde.SDE{
	sde.VP{}, sde.VP{BetaMax: 6}, sde.SubVP{}, sde.SubVP{BetaMin: 0.2, BetaMax: 5},
	sde.VE{}, sde.VE{SigmaMax: 10}, sde.VE{SigmaMin: 1e-3, SigmaMax: 1e3},
	sde.EDM{}, sde.EDM{SigmaMin: 0.01}, sde.EDM{SigmaMax: 10}, sde.EDM{SigmaMin: 20, SigmaMax: 100}, sde.EDM{SigmaMin: 1e-4, SigmaMax: 5e-3},
	sde.Cosine{}, sde.Cosine{Offset: 0.008}, sde.Linear{}, sde.Linear{SigmaMin: 1e-4}, sde.Linear{SigmaMin: 0.01},
	sde.Schedule{
		Alpha: func(t float64) (value, derivative float64) { return 1 - t*t, -2 * t },
		Sigma: func(t float64) (value, derivative float64) { return t, 1 },
		Start: 1e-4, End: 0.99,
	},
	must(sde.VP{}.Discrete(1000)), must(sde.VP{BetaMax: 6}.Discrete(10)),
	must(sde.VE{SigmaMin: 0.01, SigmaMax: 10}.Discrete(10)), must(sde.VE{SigmaMin: 0.01, SigmaMax: 50}.Discrete(1000)),
	must(sde.Cosine{Offset: 0.008}.Discrete(1000)), must(sde.NewAlphaBar([]float64{0.999, 0.9, 0.5, 0.1, 0.01})),
}

// grids are all that there are, between the ends of the process as times, as
// levels computed from them and as levels that the process was made of.
func grids(p sde.SDE) map[string][]float64 {
	start, end := p.Span()
	levels := grid.Sigmas(p, []float64{end, start})
	all := map[string][]float64{
		"default":        grid.Default(p, 9),
		"none":           nil,
		"uniform":        grid.UniformTime(end, start, 9),
		"quadratic":      grid.Quadratic(end, start, 9),
		"log SNR":        grid.UniformLogSNR(p, end, start, 9),
		"sigmas":         must(grid.FromSigmas(p, grid.Sigmas(p, grid.UniformLogSNR(p, end, start, 9)))),
		"sigmas to 0":    must(grid.FromSigmas(p, append(grid.Sigmas(p, grid.UniformLogSNR(p, end, start, 9)), 0))),
		"by TimeAt":      {sde.TimeAt(p, sde.LogSNR(p, end)), sde.TimeAt(p, 0.5*(sde.LogSNR(p, start)+sde.LogSNR(p, end))), sde.TimeAt(p, sde.LogSNR(p, start))},
		"by log σ/α":     {sde.TimeAt(p, -math.Log(levels[0])), sde.TimeAt(p, -math.Log(levels[1]))},
		"an ulp outside": {math.Nextafter(end, math.Inf(1)), math.Nextafter(start, 0)},
	}
	for name, ends := range map[string][2]float64{
		"its ends": {levels[0], levels[1]}, "nominal": {10, 0.01}, "nominal 50": {50, 0.01}, "nominal 80": {80, 0.002}, "beyond": {1e9, 1e-9},
		"rounded": {float64(float32(levels[0])), float64(float32(levels[1]))},
	} {
		if !(min(ends[0], levels[0]) > 1.001*max(ends[1], levels[1])) {
			continue // not a part of the span
		}
		all["Karras, "+name] = grid.Karras(p, ends[0], ends[1], 7, 9)
		all["exponential, "+name] = grid.Exponential(p, ends[0], ends[1], 9)
		all["polyexponential, "+name] = grid.Polyexponential(p, ends[0], ends[1], 3, 9)
	}
	return all
}

// Grids ended an ulp below the span, where the score is not known, and the final
// denoise was lost without a word; or started an ulp above and were refused.
func TestEveryGridOfEveryProcessEndsAtTheData(t *testing.T) {
	for i, p := range processes {
		for name, times := range grids(p) {
			t.Run(fmt.Sprintf("%d %T/%s", i, p, name), func(t *testing.T) {
				const at = 0.7
				x := mat.NewDense(5, 2, nil)
				s := &sampler.Settings{Grid: times}
				require.NoError(t, sampler.Sample(context.Background(), x, sde.Problem{SDE: p, Score: point{p, at}}, sampler.DDIM{}, s))
				for _, v := range x.RawMatrix().Data {
					require.InDelta(t, at, v, 1e-13)
				}
				if times == nil {
					return
				}
				require.NoError(t, sampler.Encode(context.Background(), x, sde.Problem{SDE: p, Score: point{p, 0.6}}, sampler.DDIM{},
					&sampler.Settings{Grid: times[:len(times)-min(1, len(times)-2)]}))
			})
		}
	}
}

// Where σ(0) is not 0, a level of 0 became the time 0 at which the process still
// has noise, and that stayed in the samples.
func TestALevelOfZeroIsTheStartOfTheSpanWhereNoTimeIsWithoutNoise(t *testing.T) {
	for _, p := range []sde.SDE{sde.VE{}, sde.Linear{SigmaMin: 0.01}} {
		start, _ := p.Span()
		times, err := grid.FromSigmas(p, []float64{5, 1, 0})
		require.NoError(t, err)
		require.Equal(t, start, times[2])
		times, err = grid.FromSigmas(p, append(grid.Sigmas(p, []float64{0.9, start}), 0))
		require.NoError(t, err)
		require.Len(t, times, 2)
		require.InDelta(t, start, times[1], 1e-15)
	}
	times, err := grid.FromSigmas(sde.VP{}, []float64{5, 1, 0})
	require.NoError(t, err)
	require.Zero(t, times[2])
}

// A start that was a point of the grid but for its last digit left a step of no
// length, from which methods with a history extrapolate rounding.
func TestStartAtTakesNoStepOfNoLength(t *testing.T) {
	p := sde.EDM{}
	times := grid.Karras(p, 10, 0.01, 7, 12)
	x := mat.NewDense(4, 2, []float64{1, 2, -3, 0.5, 4, -1, 0.2, 0.1})
	run := func(from float64) *mat.Dense {
		part := grid.StartAt(times, from)
		require.Len(t, part, 8)
		y := mat.DenseCopyOf(x)
		y.Scale(times[4], y)
		require.NoError(t, sampler.Continue(context.Background(), y, sde.Problem{SDE: p, Score: point{p, 0.7}}, sampler.Default(p),
			&sampler.Settings{Grid: part, Final: sampler.FinalState}))
		return y
	}
	want := run(times[4])
	for _, from := range []float64{math.Nextafter(times[4], 100), math.Nextafter(times[4], 0), sde.TimeAt(p, sde.LogSNR(p, times[4]))} {
		require.True(t, mat.EqualApprox(want, run(from), 1e-9))
	}
	require.Equal(t, []float64{5, 0}, grid.StartAt([]float64{7, 5, 0}, 5))
	require.Equal(t, []float64{0.5, 0}, grid.StartAt([]float64{7, 5, 0}, 0.5))
}

// A process that is none, or not valid, panicked or gave a grid of NaNs.
func TestFromSigmasNamesTheProcess(t *testing.T) {
	for want, p := range map[string]sde.SDE{
		"the process is nil":                 nil,
		"the process is a nil *sde.Discrete": (*sde.Discrete)(nil),
		"EDM.SigmaMin: is NaN":               sde.EDM{SigmaMin: math.NaN()},
	} {
		_, err := grid.FromSigmas(p, []float64{1, 0.1})
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
}
