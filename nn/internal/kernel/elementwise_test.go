package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func (s Spread) elements(r, n int) int { return [...]int{r * n, r, n, 1}[s] }

func (s Spread) at(i, j, n int) int { return [...]int{i*n + j, i, j, 0}[s] }

func testBinary[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	apply := []func(x, y T) T{
		OpAdd: func(x, y T) T { return x + y },
		OpSub: func(x, y T) T { return x - y },
		OpMul: func(x, y T) T { return x * y },
		OpDiv: func(x, y T) T { return x / y },
	}
	for op, f := range apply {
		op := BinaryOp(op)
		for _, r := range sizes {
			for _, n := range sizes {
				for as := Full; as <= Scalar; as++ {
					for bs := Full; bs <= Scalar; bs++ {
						a, b := random[T](rng, as.elements(r, n)), random[T](rng, bs.elements(r, n))
						want := make([]T, r*n)
						for i := range r {
							for j := range n {
								want[i*n+j] = f(a[as.at(i, j, n)], b[bs.at(i, j, n)])
							}
						}
						dst := guarded[T](r * n)
						Binary(op, dst.in, a, b, r, n, as, bs)
						dst.requireBits(t, want)
						if as == Full {
							copy(dst.in, a)
							Binary(op, dst.in, dst.in, b, r, n, as, bs)
							dst.requireBits(t, want)
						}
						if bs == Full {
							copy(dst.in, b)
							Binary(op, dst.in, a, dst.in, r, n, as, bs)
							dst.requireBits(t, want)
						}
					}
				}
			}
		}
	}
}

func TestBinarySpreadsItsOperands(t *testing.T) {
	forPaths(t, testBinary[float32])
	forPaths(t, testBinary[float64])
}

func testVectors[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, n := range sizes {
		x, y := random[T](rng, n), random[T](rng, n)
		const c = 1.7
		for _, k := range []struct {
			run  func(dst []T)
			want func(i int) T
		}{
			{func(dst []T) { Add(dst, x) }, func(i int) T { return y[i] + x[i] }},
			{func(dst []T) { Scale(dst, x, c) }, func(i int) T { return c * x[i] }},
			{func(dst []T) { Shift(dst, x, c) }, func(i int) T { return x[i] + c }},
			{func(dst []T) { Fill(dst, c) }, func(int) T { return c }},
			{func(dst []T) { Scale(dst, dst, c) }, func(i int) T { return c * y[i] }},
			{func(dst []T) { Shift(dst, dst, c) }, func(i int) T { return y[i] + c }},
		} {
			dst := guarded[T](n)
			copy(dst.in, y)
			want := make([]T, n)
			for i := range want {
				want[i] = k.want(i)
			}
			k.run(dst.in)
			dst.requireBits(t, want)
		}
	}
}

func TestVectorKernels(t *testing.T) {
	forPaths(t, testVectors[float32])
	forPaths(t, testVectors[float64])
}

func TestColumnsAreCopiedAmongOthers(t *testing.T) {
	// 3 rows of 2 columns, the middle of 4, to the last two of 3.
	x := []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	dst := []float32{-1, -1, -1, -2, -2, -2, -3, -3, -3}
	CopyColumns(dst[1:], 3, x[1:], 4, 3, 2)
	require.Equal(t, []float32{-1, 1, 2, -2, 5, 6, -3, 9, 10}, dst)
	CopyColumns[float64](nil, 3, nil, 4, 0, 2)
}

// sumSquares adds the squares of every sixteenth element, and these sums as a
// tree.
func sumSquares[T Float](x []T) float64 {
	var add func(first, apart int) float64
	add = func(first, apart int) float64 {
		if apart < 16 {
			return add(first, 2*apart) + add(first+apart, 2*apart)
		}
		s := 0.0
		for i := first; i < len(x); i += 16 {
			s = math.FMA(float64(x[i]), float64(x[i]), s)
		}
		return s
	}
	return add(0, 1)
}

func testSums[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, r := range sizes {
		for _, n := range sizes {
			x, start := random[T](rng, r*n), random[T](rng, n)
			for i := 0; i < r*n; i += max(1, n) {
				x[i] = T(math.Copysign(0, -1))
			}
			columns := append([]T(nil), start...)
			fresh, rows := make([]T, n), make([]T, r)
			for i := range r {
				for j := range n {
					columns[j] += x[i*n+j]
					fresh[j] += x[i*n+j]
					rows[i] += x[i*n+j]
				}
			}
			dst := guarded[T](n)
			copy(dst.in, start)
			SumRows(dst.in, x, r, n)
			dst.requireBits(t, columns)
			Fill(dst.in, T(math.NaN()))
			SumRowsSet(dst.in, x, r, n)
			dst.requireBits(t, fresh)
			dst = guarded[T](r)
			SumCols(dst.in, x, r, n)
			dst.requireBits(t, rows)
			require.Equal(t, sumSquares(x), SumSquares(x))
		}
	}
}

func TestSumsAreInOrder(t *testing.T) {
	forPaths(t, testSums[float32])
	forPaths(t, testSums[float64])
}

func TestSumSquaresOfFloat32DoesNotOverflow(t *testing.T) {
	require.InEpsilon(t, 2e76, SumSquares([]float32{1e38, -1e38}), 1e-6)
}
