package posterior

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distmv"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/sde"
)

// normals returns an n×d matrix of standard normal numbers.
func normals(n, d int, seed uint64) *mat.Dense {
	r := rand.New(rand.NewPCG(seed, 7))
	x := mat.NewDense(n, d, nil)
	x.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, x)
	return x
}

// squares is a nonlinear operator: y_k = x_k² + x_{k+1}.
type squares struct{ in int }

func (s squares) Dims() (in, out int) { return s.in, s.in - 1 }

func (s squares) Apply(dst, x *mat.Dense) {
	dst.Apply(func(i, k int, _ float64) float64 { return x.At(i, k)*x.At(i, k) + x.At(i, k+1) }, dst)
}

func (s squares) JVP(dst, x, v *mat.Dense) {
	dst.Apply(func(i, k int, _ float64) float64 { return 2*x.At(i, k)*v.At(i, k) + v.At(i, k+1) }, dst)
}

func (s squares) VJP(dst, x, u *mat.Dense) {
	dst.Zero()
	n, m := u.Dims()
	for i := range n {
		for k := range m {
			dst.Set(i, k, dst.At(i, k)+2*x.At(i, k)*u.At(i, k))
			dst.Set(i, k+1, dst.At(i, k+1)+u.At(i, k))
		}
	}
}

func covarianceOf(d int, seed uint64) *mat.SymDense {
	a := normals(d+2, d, seed)
	s := mat.NewSymDense(d, nil)
	s.SymOuterK(0.3, a.T())
	return s
}

func TestProductsOfLinearOperatorsAreAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := rapid.IntRange(1, 9).Draw(t, "d"), rapid.IntRange(1, 5).Draw(t, "n")
		columns := rapid.SliceOfN(rapid.IntRange(0, d-1), 1, 6).Draw(t, "columns")
		seed := rapid.Uint64().Draw(t, "seed")
		kernel := normals(1, 2*len(columns)+1, seed)
		for _, op := range []Linear{
			Mask{d, columns}, Matrix{normals(len(columns), d, seed)}, Sums(d, columns, columns[:1]), BlockMeans(1, d, 1, len(columns)),
			Blur(1, d, kernel, EdgeZero), Blur(d, 1, kernel, EdgeCircular), Blur(1, d, GaussianKernel(1, 3, 1), EdgeRenormalised),
		} {
			_, m := op.Dims()
			x, u := normals(n, d, seed+1), normals(n, m, seed+2)
			ax, au := mat.NewDense(n, m, nil), mat.NewDense(n, d, nil)
			op.Apply(ax, x)
			op.VJP(au, x, u)
			var want mat.Dense
			want.Mul(x, op.Matrix().T())
			require.True(t, mat.EqualApprox(&want, ax, 1e-12))
			require.InDelta(t, mat.Sum(mulElem(ax, u)), mat.Sum(mulElem(au, x)), 1e-11)
		}
	})
}

func mulElem(a, b *mat.Dense) *mat.Dense {
	var m mat.Dense
	m.MulElem(a, b)
	return &m
}

// Checks sde/posterior (1).
func TestLikelihoodIsTheNormalOfTheResiduals(t *testing.T) {
	const n, d = 4, 3
	frame := sde.Frame{Shift: []float64{1e6, -2, 0}, Scale: []float64{1e3, 1, 1e-3}}
	a := mat.NewDense(2, d, []float64{1e-3, 1, 0, 0, 2, 1e3})
	cov := covarianceOf(2, 1)
	u := normals(n, d, 3)
	x := mat.NewDense(n, d, nil)
	frame.ToData(x, u)
	for _, y := range []*mat.Dense{mat.NewDense(1, 2, []float64{1000, 1}), mat.NewDense(n, 2, []float64{1000, 1, 999, 2, 1001, 3, 1002, 4})} {
		l, err := NewLikelihood(Observation{Matrix{a}, y, Noise{Cov: cov}}, frame)
		require.NoError(t, err)
		got := make([]float64, n)
		l.LogProb(got, u)
		some := make([]float64, 1)
		l.Select([]int{2}).LogProb(some, u.Slice(2, 3, 0, d).(*mat.Dense))
		require.Equal(t, got[2], some[0])
		for i := range n {
			var mean mat.VecDense
			mean.MulVec(a, x.RowView(i))
			normal, ok := distmv.NewNormal(mean.RawVector().Data, cov, nil)
			require.True(t, ok)
			want := normal.LogProb(l.row(i))
			require.InDelta(t, want, got[i], 1e-8*math.Abs(want))
		}
	}
}

func TestGradientIsThatOfTheLikelihood(t *testing.T) {
	const n, d, h = 3, 4, 1e-5
	frame := sde.Frame{Shift: []float64{1, -2, 0, 5}, Scale: []float64{3, 1, .5, 2}}
	for name, o := range map[string]Observation{
		"matrix":    {Matrix{normals(2, d, 4)}, normals(1, 2, 5), Noise{Deviation: .5}},
		"mask":      {Mask{d, []int{3, 0}}, normals(n, 2, 5), Noise{Deviations: []float64{.5, 2}}},
		"nonlinear": {squares{d}, normals(n, d-1, 5), Noise{Cov: covarianceOf(d-1, 6)}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := NewLikelihood(o, frame)
			require.NoError(t, err)
			u, gradient := normals(n, d, 7), mat.NewDense(n, d, nil)
			l.Gradient(gradient, u)
			for j := range d {
				up, down := mat.DenseCopyOf(u), mat.DenseCopyOf(u)
				for i := range n {
					up.Set(i, j, u.At(i, j)+h)
					down.Set(i, j, u.At(i, j)-h)
				}
				above, below := make([]float64, n), make([]float64, n)
				l.LogProb(above, up)
				l.LogProb(below, down)
				for i := range n {
					want := (above[i] - below[i]) / (2 * h)
					require.InDelta(t, want, gradient.At(i, j), 1e-6*(1+math.Abs(want)))
				}
			}
		})
	}
}

func TestImpossibleObservationsAreRefused(t *testing.T) {
	nan := math.NaN()
	row := func(v ...float64) *mat.Dense { return mat.NewDense(1, len(v), v) }
	twice := Matrix{mat.NewDense(3, 3, []float64{1, 2, 0, 0, 1e-3, 0, 1e6, 1e6, 0})}
	for name, c := range map[string]struct {
		o    Observation
		is   error
		says string
	}{
		"no operator":        {Observation{Y: row(1)}, ErrRange, "Operator"},
		"no matrix":          {Observation{Operator: Matrix{}, Y: row(1)}, ErrShape, "Matrix.A"},
		"NaN in the matrix":  {Observation{Operator: Matrix{row(1, nan)}, Y: row(1)}, ErrNonFinite, "row 0, column 1"},
		"no columns":         {Observation{Operator: Mask{3, nil}, Y: row(1)}, ErrShape, "0 columns"},
		"no such column":     {Observation{Operator: Mask{3, []int{1, 3}}, Y: row(1, 2)}, ErrRange, "Columns[1]: is 3"},
		"NaN weight":         {Observation{Operator: Blur(1, 2, row(nan), EdgeZero), Y: row(1, 2)}, ErrNonFinite, "Weights[0][0]"},
		"no such cell":       {Observation{Operator: Sums(3, []int{0}, []int{1, 3}), Y: row(1, 2)}, ErrRange, "Columns[1][1]: is 3"},
		"few weights":        {Observation{Operator: Sparse{3, [][]int{{0}}, nil}, Y: row(1)}, ErrShape, "Weights: has 0 rows"},
		"a weight too many":  {Observation{Operator: Sparse{3, [][]int{{0}}, [][]float64{{1, 2}}}, Y: row(1)}, ErrShape, "Weights[0]: has length 2"},
		"no y":               {Observation{Operator: Mask{3, []int{1}}}, ErrShape, "Y: is empty"},
		"wrong y":            {Observation{Operator: Mask{3, []int{1}}, Y: row(1, 2)}, ErrShape, "Y: is 1×2"},
		"NaN in y":           {Observation{Operator: Mask{3, []int{1}}, Y: row(nan)}, ErrNonFinite, "row 0, column 0"},
		"negative noise":     {Observation{Mask{3, []int{1}}, row(1), Noise{Deviation: -1}}, ErrRange, "Deviation: is -1"},
		"NaN noise":          {Observation{Mask{3, []int{1}}, row(1), Noise{Deviations: []float64{nan}}}, ErrRange, "Deviations[0]: is NaN"},
		"tiny noise":         {Observation{Mask{3, []int{1}}, row(1), Noise{Deviation: 1e-200}}, ErrRange, "1e-200"},
		"two noises":         {Observation{Mask{3, []int{1}}, row(1), Noise{Deviation: 1, Deviations: []float64{1}}}, ErrRange, "want one"},
		"short noise":        {Observation{Mask{3, []int{1, 0}}, row(1, 2), Noise{Deviations: []float64{1}}}, ErrShape, "length 1"},
		"wide noise":         {Observation{Mask{3, []int{1}}, row(1), Noise{Cov: covarianceOf(2, 1)}}, ErrShape, "2×2"},
		"no covariance":      {Observation{Mask{3, []int{1, 0, 2}}, row(1, 2, 3), Noise{Cov: mat.NewSymDense(3, []float64{1, .9, 0, .9, 1, .9, 0, .9, 1})}}, ErrRange, "eigenvalue"},
		"a pointer":          {Observation{Operator: &Sparse{4, [][]int{{9}}, [][]float64{{1}}}, Y: row(1)}, ErrRange, "Columns[0][0]: is 9"},
		"a nil pointer":      {Observation{Operator: (*Mask)(nil), Y: row(1)}, ErrRange, "Operator: is nil"},
		"huge sums":          {Observation{Operator: Sparse{2, [][]int{{0, 0}}, [][]float64{{1.7e308, 1.7e308}}}, Y: row(1), Noise: Noise{Deviation: 1}}, ErrRange, "number 0 of y: its weights are of size +Inf"},
		"huge units":         {Observation{Operator: Matrix{row(1e160, 1e160)}, Y: row(2e160), Noise: Noise{Deviation: .3}}, ErrRange, "number 0 of y: its weights are of size 1e+160"},
		"tiny units":         {Observation{Operator: Matrix{row(1e-170, 0)}, Y: row(1), Noise: Noise{Deviation: .3}}, ErrRange, "number 0 of y: its weights are of size 1e-170"},
		"same twice":         {Observation{Operator: Mask{3, []int{1, 1}}, Y: row(1, 2)}, ErrRange, "number 1 of y"},
		"dependent":          {Observation{twice, row(1, 2, 3), Noise{}}, ErrRange, "number 2 of y"},
		"nothing seen":       {Observation{Operator: Matrix{mat.NewDense(1, 2, nil)}, Y: row(1)}, ErrRange, "does not depend on x"},
		"more than there is": {Observation{Operator: Matrix{normals(4, 3, 1)}, Y: row(1, 2, 3, 4)}, ErrRange, "number 3 of y"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.o.Validate()
			require.ErrorIs(t, err, c.is)
			require.ErrorContains(t, err, c.says)
		})
	}
	require.NoError(t, Observation{twice, row(1, 2, 3), Noise{Deviations: []float64{0, 0, 1}}}.Validate(), "noise of its own")
	require.NoError(t, Observation{Operator: Matrix{mat.NewDense(2, 3, []float64{1e-3, 0, 0, 0, 1e6, 1e6})}, Y: row(1, 2)}.Validate(), "units do not matter")
	columns := []int{1}
	l, err := NewLikelihood(Observation{&Mask{3, columns}, row(1), Noise{Deviation: 1}}, sde.Frame{})
	require.NoError(t, err)
	columns[0] = 2
	require.Equal(t, Mask{3, []int{1}}, l.op, "a pointer's is copied, too")
	_, err = NewLikelihood(Observation{Operator: Mask{3, []int{1}}, Y: row(1)}, sde.Frame{})
	require.ErrorIs(t, err, ErrRange, "without noise there is no density")
	_, err = NewLikelihood(Observation{Mask{3, []int{1}}, row(1), Noise{Deviation: 1}}, sde.Frame{Scale: []float64{1}})
	require.ErrorIs(t, err, ErrShape)
}

func TestMaskedCellsAreThoseOfAModelWithLevels(t *testing.T) {
	values, deviations, ok := Observation{Mask{3, []int{2, 0}}, mat.NewDense(2, 2, []float64{1, 2, 3, 4}), Noise{Deviations: []float64{.1, 0}}}.Cells()
	require.True(t, ok)
	for i, want := range [][]float64{{2, math.NaN(), 1}, {4, math.NaN(), 3}} {
		for j, v := range want {
			require.True(t, values.At(i, j) == v || math.IsNaN(v) && math.IsNaN(values.At(i, j)))
		}
		require.Equal(t, []float64{0, 0, .1}, deviations.RawRowView(i))
	}
	_, _, ok = Observation{Matrix{normals(1, 3, 1)}, mat.NewDense(1, 1, nil), Noise{}}.Cells()
	require.False(t, ok)
	_, _, ok = Observation{Mask{3, []int{1, 1}}, mat.NewDense(1, 2, nil), Noise{Deviation: 1}}.Cells()
	require.False(t, ok, "observed twice")
}
