package sde_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gradlogp/gradlogp/sde"
	"github.com/gradlogp/gradlogp/sde/noise"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

func TestPerturbDrawsTheKernel(t *testing.T) {
	const rows = 5
	source, at := noise.White{Seed: 3}, noise.Draw{Row: 40, Step: 7}
	z := mat.NewDense(rows, 2, nil)
	source.Normal(z, noise.Draw{Row: 40, Step: 7, Purpose: noise.Perturb})
	x0 := mat.NewDense(rows, 2, []float64{1, -1, 2, -2, 3, -3, 4, -4, 5, -5})
	times := []float64{1e-5, 0.1, 0.1, 0.7, 1}

	each := mat.NewDense(rows, 2, nil)
	require.NoError(t, sde.Perturb(each, x0, sde.VP{}, times, source, at))
	for i := range rows {
		alpha, sigma := sde.VP{}.Kernel(times[i])
		for j := range 2 {
			require.InDelta(t, alpha*x0.At(i, j)+sigma*z.At(i, j), each.At(i, j), 1e-15)
		}
		// A row on its own, and one common time, give the same bits.
		one := at
		one.Row += i
		row := mat.DenseCopyOf(x0.Slice(i, i+1, 0, 2))
		require.NoError(t, sde.Perturb(row, row, sde.VP{}, times[i:i+1], source, one))
		require.Equal(t, each.RawRowView(i), row.RawRowView(0))
	}
	panicsAbout(t, "sde: dimension mismatch: ", func() {
		_ = sde.Perturb(each, x0, sde.VP{}, times[:2], source, at)
	})
	panicsAbout(t, "sde: dimension mismatch: ", func() {
		_ = sde.Perturb(mat.NewDense(rows, 3, nil), x0, sde.VP{}, times, source, at)
	})
}

// impulses serves 1 for one draw, named by its step, and 0 for all others.
type impulses struct{ step int }

func (s impulses) Normal(dst *mat.Dense, at noise.Draw) {
	value := 0.0
	if at.Step == s.step {
		value = 1
	}
	dst.Apply(func(_, _ int, _ float64) float64 { return value }, dst)
}

// Without noise a path shows its mean, with one unit of noise at a time its
// covariances: those of the kernel and between times
// cov(x_u, x_t) = (α_t/α_u)σ_u².
//
// Checks sde (1) and (4).
func TestSimulatedPathsHaveTheProcessesLaw(t *testing.T) {
	forEach(t, func(t *testing.T, p sde.SDE, _ []float64) {
		start, end := p.Span()
		var times []float64
		for i := range 8 {
			times = append(times, start*math.Pow(end/start, float64(i)/7))
		}
		times[7] = end
		path := func(x0 float64, impulse int) (states []float64) {
			x := mat.NewDense(1, 1, []float64{x0})
			run, err := sde.Simulate(x, p, times, impulses{impulse}, noise.Draw{})
			require.NoError(t, err)
			for time, x := range run {
				require.Equal(t, times[len(states)], time)
				states = append(states, x.At(0, 0))
			}
			return states
		}
		mean := path(3, -1)
		var responses [][]float64
		for k := range times {
			responses = append(responses, path(0, k))
		}
		for i, u := range times {
			alphaU, sigmaU := p.Kernel(u)
			require.InEpsilon(t, 3*alphaU, mean[i], 1e-13)
			for j := i; j < len(times); j++ {
				alpha, _ := p.Kernel(times[j])
				cov := 0.0
				for k := range times {
					cov += responses[k][i] * responses[k][j]
				}
				require.InEpsilon(t, alpha/alphaU*sigmaU*sigmaU, cov, 1e-12, "times %v and %v", u, times[j])
			}
		}
	})
}

func TestSimulationHasItsMoments(t *testing.T) {
	const n = 20000
	x := mat.NewDense(n, 1, nil)
	for i := range n {
		x.Set(i, 0, 2)
	}
	run, err := sde.Simulate(x, sde.SubVP{}, []float64{0, 0.1, 0.3, 0.6}, noise.White{Seed: 8}, noise.Draw{})
	require.NoError(t, err)
	for time, x := range run {
		mean, variance := stat.MeanVariance(x.RawMatrix().Data, nil)
		alpha, sigma := sde.SubVP{}.Kernel(time)
		require.LessOrEqual(t, math.Abs(mean-2*alpha), 4*sigma/math.Sqrt(n))
		require.LessOrEqual(t, math.Abs(variance-sigma*sigma), 4*sigma*sigma*math.Sqrt(2.0/n))
	}
}

func TestSimulationDoesNotDependOnGrouping(t *testing.T) {
	times := []float64{0.01, 0.2, 0.9}
	last := func(rows, from int) (rowsAtEnd [][]float64) {
		x := mat.NewDense(rows, 3, nil)
		run, err := sde.Simulate(x, sde.Cosine{}, times, noise.White{Seed: 5}, noise.Draw{Row: from})
		require.NoError(t, err)
		for range run {
		}
		for i := range rows {
			rowsAtEnd = append(rowsAtEnd, x.RawRowView(i))
		}
		return rowsAtEnd
	}
	require.Equal(t, last(7, 0), append(last(3, 0), last(4, 3)...))
}

func TestSimulationStopsEarly(t *testing.T) {
	x := mat.NewDense(1, 1, nil)
	run, err := sde.Simulate(x, sde.VE{}, []float64{0.1, 0.2, 0.3}, noise.White{}, noise.Draw{})
	require.NoError(t, err)
	seen := 0
	for time := range run {
		seen++
		if time == 0.2 {
			break
		}
	}
	require.Equal(t, 2, seen)
}

func TestSimulateWantsIncreasingTimes(t *testing.T) {
	for want, times := range map[string][]float64{
		"times[1]: is NaN, want a finite time >= 0": {0.1, math.NaN()},
		"times[0]: is -0.1,":                        {-0.1, 1},
		"times[2]: is +Inf,":                        {0, 1, math.Inf(1)},
		"times[2] = 1 is not above times[1] = 1":    {0, 1, 1},
	} {
		_, err := sde.Simulate(mat.NewDense(1, 1, nil), sde.VP{}, times, noise.White{}, noise.Draw{})
		require.ErrorIs(t, err, sde.ErrRange)
		require.ErrorContains(t, err, want)
	}
}

func ExampleSimulate() {
	x := mat.NewDense(3, 1, []float64{-1, 0, 1}) // data
	path, err := sde.Simulate(x, sde.VP{}, []float64{0, 0.2, 1}, noise.White{Seed: 1}, noise.Draw{})
	if err != nil {
		panic(err)
	}
	for t, x := range path {
		fmt.Printf("%.1f %6.3f\n", t, mat.Col(nil, 0, x))
	}
	// Output:
	// 0.0 [-1.000  0.000  1.000]
	// 0.2 [-1.030  0.411  0.706]
	// 1.0 [ 0.565  1.051  0.004]
}

func ExamplePerturb() {
	x := mat.NewDense(2, 1, []float64{-1, 1})
	err := sde.Perturb(x, x, sde.EDM{}, []float64{0.1}, noise.White{Seed: 1}, noise.Draw{})
	fmt.Printf("%.3f %v\n", mat.Col(nil, 0, x), err)
	// Output: [-0.907 1.016] <nil>
}
