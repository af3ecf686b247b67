package twosample

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/fixture"
)

// The fixture also holds results of measures this package does not offer: kde,
// gmm_em, c2st_logistic, and the W1 and weighted values beside W2.
type metrics struct {
	X      fixture.Array `json:"X"`
	Y      fixture.Array `json:"Y"`
	Energy struct {
		V float64 `json:"v_statistic"`
		U float64 `json:"u_statistic"`
	} `json:"energy"`
	OneDim []oneDim `json:"wasserstein_1d"`
	Sliced []sliced `json:"sliced"`
	MMD    []struct {
		Bandwidth float64 `json:"bandwidth"`
		Biased    float64 `json:"mmd2_biased"`
		Unbiased  float64 `json:"mmd2_unbiased"`
	} `json:"mmd"`
	Median  float64    `json:"median_pairwise_distance_pooled"`
	Exact   []exactOT  `json:"exact_ot_2d"`
	Frechet frechetFit `json:"frechet"`
	KS      struct {
		A         fixture.Array `json:"a"`
		B         fixture.Array `json:"b"`
		Statistic float64       `json:"statistic"`
	} `json:"ks_2samp"`
}

type exactOT struct {
	A          fixture.Array `json:"A"`
	B          fixture.Array `json:"B"`
	Assignment []int         `json:"assignment"`
	Distance   float64       `json:"distance"`
	Metric     string        `json:"metric"`
}

type frechetFit struct {
	Mean1   fixture.Array `json:"mean1"`
	Mean2   fixture.Array `json:"mean2"`
	Cov1    fixture.Array `json:"cov1"`
	Cov2    fixture.Array `json:"cov2"`
	Squared float64       `json:"frechet_squared"`
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
	t.Run("mmd", func(t *testing.T) {
		x, y := f.X.Dense(), f.Y.Dense()
		require.InEpsilon(t, f.Median, MedianDistance(x, y), tol)
		n, m := float64(f.X.Shape[0]), float64(f.Y.Shape[0])
		for _, r := range f.MMD {
			require.InDelta(t, r.Unbiased, MMDSquared(x, y, r.Bandwidth), tol)
			a, b, exponent := pointsOf(x, y)
			h := math.Ldexp(r.Bandwidth, -exponent)
			s := pairSums(a, b, func(sq []float64) {
				for i, q := range sq {
					sq[i] = math.Exp(-q / (2 * h * h))
				}
			}, 0, 0)[0]
			require.InEpsilon(t, r.Biased, (2*s.x+n)/(n*n)+(2*s.y+m)/(m*m)-2*s.across/(n*m), tol)
		}
	})
	name := func(i int, r exactOT) string { return fmt.Sprintf("exact_ot/%d %s", i, r.Metric) }
	notOffered := func(r exactOT) string {
		if r.Metric != "W2" {
			return "W2 is the only exact distance"
		}
		return ""
	}
	fixture.EachExcept(t, f.Exact, name, notOffered, func(t *testing.T, r exactOT) {
		w2, match := W2(r.A.Dense(), r.B.Dense())
		require.InEpsilon(t, r.Distance, w2, tol)
		require.Equal(t, r.Assignment, match)
	})
	t.Run("frechet", func(t *testing.T) {
		require.InEpsilon(t, f.Frechet.Squared, FrechetSquared(f.X.Dense(), f.Y.Dense()), 1e-10)
		d := len(f.Frechet.Mean1.Data)
		require.InEpsilon(t, f.Frechet.Squared, GaussianW2Squared(
			f.Frechet.Mean1.Data, mat.NewSymDense(d, f.Frechet.Cov1.Data),
			f.Frechet.Mean2.Data, mat.NewSymDense(d, f.Frechet.Cov2.Data)), 1e-10)
	})
	t.Run("ks_2samp", func(t *testing.T) {
		d, _ := KS(f.KS.A.Data, f.KS.B.Data)
		require.InEpsilon(t, f.KS.Statistic, d, tol)
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
