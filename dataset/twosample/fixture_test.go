package twosample

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/fixture"
)

// The fixture also holds results of measures this package does not offer: mmd,
// median_pairwise_distance_pooled, exact_ot_2d, frechet, kde, gmm_em,
// c2st_logistic, ks_2samp, and the W1 and weighted values beside W2.
type metrics struct {
	X      fixture.Array `json:"X"`
	Y      fixture.Array `json:"Y"`
	Energy struct {
		V float64 `json:"v_statistic"`
		U float64 `json:"u_statistic"`
	} `json:"energy"`
	OneDim []oneDim `json:"wasserstein_1d"`
	Sliced []sliced `json:"sliced"`
}

type oneDim struct {
	A, B   fixture.Array
	W2     float64 `json:"w2"`
	Energy float64 `json:"scipy_energy_distance_1d"`
}

type sliced struct {
	A           fixture.Array `json:"A"`
	B           fixture.Array `json:"B"`
	Projections fixture.Array `json:"projections"`
	Each        fixture.Array `json:"w2sq_per_projection"`
	W2          float64       `json:"sliced_w2"`
}

const tol = 1e-12

func TestFixtureMetrics(t *testing.T) {
	f := fixture.Load[metrics](t, "metrics")
	t.Run("energy", func(t *testing.T) {
		x, y := f.X.Dense(), f.Y.Dense()
		require.InEpsilon(t, f.Energy.V, Energy(x, y), tol)
		// The U-statistic leaves out the pairs of a point with itself.
		n, m := float64(f.X.Shape[0]), float64(f.Y.Shape[0])
		u := Energy(x, y) - meanPair(x)/(n-1) - meanPair(y)/(m-1)
		require.InDelta(t, f.Energy.U, u, tol)
	})
	fixture.Each(t, f.OneDim, func(i int, _ oneDim) string { return fmt.Sprintf("wasserstein_1d/%d", i) }, func(t *testing.T, r oneDim) {
		require.InEpsilon(t, r.W2, math.Sqrt(W2Squared(r.A.Data, r.B.Data)), tol)
		require.InEpsilon(t, r.Energy, math.Sqrt(Energy(column(r.A), column(r.B))), tol)
	})
	fixture.Each(t, f.Sliced, func(i int, _ sliced) string { return fmt.Sprintf("sliced/%d", i) }, func(t *testing.T, r sliced) {
		a, b, u := r.A.Dense(), r.B.Dense(), r.Projections.Dense()
		require.InEpsilon(t, r.W2, SlicedW2(a, b, u), tol)
		for k, want := range r.Each.Data {
			got := SlicedW2(a, b, r.Projections.At(k).Dense())
			require.InEpsilon(t, want, got*got, tol)
		}
	})
}

// meanPair returns the mean distance of two rows of x, a row with itself
// included.
func meanPair(x *mat.Dense) float64 {
	n, _ := x.Dims()
	var sum float64
	for i := range n {
		for j := range n {
			diff := mat.NewVecDense(x.RawMatrix().Cols, nil)
			diff.SubVec(x.RowView(i), x.RowView(j))
			sum += diff.Norm(2)
		}
	}
	return sum / float64(n*n)
}

func column(a fixture.Array) *mat.Dense { return mat.NewDense(len(a.Data), 1, a.Data) }
