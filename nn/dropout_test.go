package nn_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/pool"
)

// runRandom evaluates e with the random numbers of hashed.
func runRandom[T ad.Float](e *ad.Expr, n int, theta []float64, workers int, leaves []*ad.Expr, values ...[]float64) []T {
	p := ad.Compile[T]([]*ad.Expr{e}, leaves)
	var w ad.Weights[T]
	p.Pack(&w, convert[T](theta), nil)
	in := make([][]T, len(values))
	for i, v := range values {
		in[i] = convert[T](v)
	}
	out := make([]T, n*e.Cols())
	p.Run(n, &w, hashed, [][]T{out}, in, pool.New(workers))
	return out
}

func TestDropoutMasksAreAddressed(t *testing.T) {
	const rows, d, p = 200, 3, 0.25
	n := training(nn.Sequential{nn.Dropout{P: p}, nn.Dropout{P: p}}, d, 0, nil)
	x := repeat(1, rows*d)
	want := make([]float64, rows*d)
	for r := range rows {
		first, second := make([]float64, d), make([]float64, d)
		hashed(first, r, 0)
		hashed(second, r, 1) // each Apply has a mask of its own
		for j := range d {
			if first[j] >= p && second[j] >= p {
				want[r*d+j] = 1 / ((1 - p) * (1 - p))
			}
		}
	}
	got := runRandom[float64](n.out, rows, nil, 1, []*ad.Expr{n.x}, x)
	require.InDeltaSlice(t, want, got, 1e-15)
	require.Contains(t, got, 0.)
}

// The mask of a sample's only row would spread over all rows of a sample.
func TestDropoutOfRowsOfASampleIsOfEach(t *testing.T) {
	const samples, d = 50, 8
	grouped := training(rowsOf{4}, d, 0, nil)
	whole := training(nn.Dropout{P: 0.5}, d, 0, nil)
	x := repeat(1, samples*d)
	require.Equal(t,
		runRandom[float64](whole.out, samples, nil, 1, []*ad.Expr{whole.x}, x),
		runRandom[float64](grouped.out, samples, nil, 1, []*ad.Expr{grouped.x}, x))
}

// rowsOf is Dropout of the rows of a sample.
type rowsOf struct{ groups int }

func (r rowsOf) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	return ad.Regroup(nn.Dropout{P: 0.5}.Apply(b, ad.Regroup(x, r.groups)), 1)
}

func TestDropoutHasTheSameBitsForAnyWorkersAndBatch(t *testing.T) {
	const rows = 500
	n := training(everything(), 2, 3, ad.Input("t", 1))
	leaves := []*ad.Expr{n.x, n.time, n.cond}
	x, c, cond := normals(2*rows, 1, 1), normals(rows, 1, 2), normals(3*rows, 1, 3)
	want := runRandom[float32](n.out, rows, n.theta, 1, leaves, x, c, cond)
	for _, workers := range []int{2, 3, 7, 16} {
		require.Equal(t, want, runRandom[float32](n.out, rows, n.theta, workers, leaves, x, c, cond))
	}
	for _, few := range []int{1, 33} {
		require.Equal(t, want[:2*few], runRandom[float32](n.out, few, n.theta, 1, leaves, x[:2*few], c[:few], cond[:3*few]))
	}
}

func TestDropoutDropsItsShareAndKeepsTheMean(t *testing.T) {
	const rows, d = 20000, 4
	for _, p := range []float64{1e-3, 0.1, 0.5, 0.9} {
		n := training(nn.Dropout{P: p}, d, 0, nil)
		x := repeat(1, rows*d)
		dropped, sum := 0.0, 0.0
		for _, v := range runRandom[float32](n.out, rows, nil, 1, []*ad.Expr{n.x}, x) {
			if v == 0 {
				dropped++
			} else {
				require.InEpsilon(t, 1/(1-p), v, 1e-6)
			}
			sum += float64(v)
		}
		deviation := math.Sqrt(rows * d * p * (1 - p))
		require.Less(t, math.Abs(dropped-rows*d*p)/deviation, 4., "p = %v", p)
		require.Less(t, math.Abs(sum-rows*d)*(1-p)/deviation, 4., "p = %v", p)
	}
}

func TestDropoutMasksAreTheSameInBothPrecisions(t *testing.T) {
	// Numbers next to the threshold, which float32 has to tell apart.
	for _, p := range []float64{0.1, 0.3, 0.7, 1 - 1e-6, 1 - 1e-12} {
		n := training(nn.Dropout{P: p}, 3, 0, nil)
		threshold := min(math.Round(p*(1<<24)), 1<<24-1)
		near := func(dst []float64, _, _ int) {
			for j := range dst {
				dst[j] = (threshold + float64(j-1)) / (1 << 24)
			}
		}
		single, double := ad.Compile[float32]([]*ad.Expr{n.out}, []*ad.Expr{n.x}), ad.Compile[float64]([]*ad.Expr{n.out}, []*ad.Expr{n.x})
		a, b := make([]float32, 3), make([]float64, 3)
		single.Run(1, nil, near, [][]float32{a}, [][]float32{{1, 1, 1}}, nil)
		double.Run(1, nil, near, [][]float64{b}, [][]float64{{1, 1, 1}}, nil)
		for j := range a {
			require.Equal(t, j > 0, a[j] > 0, "p = %v", p)
			require.Equal(t, j > 0, b[j] > 0, "p = %v", p)
		}
	}
}

func TestDropoutIsForTrainingOnly(t *testing.T) {
	n := newNetwork(nn.Dropout{P: 0.5}, 3, 0, nil)
	require.Same(t, n.x, n.out)
	n = training(nn.Dropout{}, 3, 0, nil)
	require.Same(t, n.x, n.out)
	for _, p := range []float64{-0.1, 1, math.NaN()} {
		require.Panics(t, func() { newNetwork(nn.Dropout{P: p}, 3, 0, nil) })
	}
}

// What a run asks for is what the same layer after every activation does.
func TestAnMLPDropsWhatTheBuildAsks(t *testing.T) {
	const p, rows = 0.25, 50
	x := normals(2*rows, 1, 1)
	run := func(m nn.MLP, p float64, train bool) []float64 {
		var params nn.Params
		b, in := nn.NewBuild(&params), ad.Input("x", 2)
		b.Train, b.Dropout = train, p
		out := b.Apply(m, in)
		return runRandom[float64](out, rows, normals(params.Len(), 0.5, 7), 1, []*ad.Expr{in}, x)
	}
	plain := nn.MLP{Hidden: []int{8, 8}}
	layers := nn.MLP{Hidden: []int{8, 8}, Activation: nn.Sequential{nn.SiLU{}, nn.Dropout{P: p}}}
	require.Equal(t, run(layers, 0, true), run(plain, p, true))
	require.NotEqual(t, run(plain, 0, true), run(plain, p, true))
	require.Equal(t, run(plain, 0, true), run(plain, p, false), "in use nothing is dropped")
}
