package optim

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// basis is one side of a block of SOAP: the running mean L of GGᵀ, or of GᵀG, and its
// eigenvectors, the rows of E. Both are part of the state.
type basis[T ad.Float] struct {
	n          int
	factor     []T // L
	vectors    []T // E
	square     []T // scratch
	wide, next []float64
	scaled     []float64
}

// newBasis returns one for n dimensions, nil when they shall have none.
func newBasis[T ad.Float](n, most int) *basis[T] {
	if n < 2 || n > most {
		return nil
	}
	square := func() []float64 { return make([]float64, n*n) }
	return &basis[T]{n: n, square: make([]T, n*n), wide: square(), next: square(), scaled: square()}
}

// size returns the length of a matrix of the side.
func (s *basis[T]) size() int {
	if s == nil {
		return 0
	}
	return s.n * s.n
}

// start makes E the identity.
func (s *basis[T]) start() {
	for i := 0; i < len(s.vectors); i += s.n + 1 {
		s.vectors[i] = 1
	}
}

// learn moves L towards square.
func (s *basis[T]) learn(beta float64) { kernel.EMA(s.factor, s.square, beta) }

// exactly is up to how many dimensions the first bases are eigenvectors rather than a
// step towards them: the time of that grows as their cube, and from the beginning.
const exactly = 256

// steady is what is added to L, of trace 1, in a step towards its eigenvectors: those
// without an eigenvalue stay where they are.
const steady = 1e-10

// turn moves E towards the eigenvectors of L, by decreasing eigenvalue: E ← orth(E(L + εI)),
// in float64, or all the way where that is asked for. Without a gradient so far, and
// where this is impossible in numbers, E stays.
func (s *basis[T]) turn(all bool) {
	n, trace := s.n, 0.0
	for i := 0; i < n*n; i += n + 1 {
		trace += float64(s.factor[i])
	}
	if !(trace > 0) || math.IsInf(trace, 1) {
		return
	}
	for i, v := range s.factor {
		s.scaled[i], s.wide[i] = float64(v)/trace, float64(s.vectors[i])
	}
	if !(all && n <= exactly && eigenvectors(s.next, s.scaled, n)) {
		for i := 0; i < n*n; i += n + 1 {
			s.scaled[i] += steady
		}
		kernel.MatMul(s.next, s.wide, s.scaled, nil, 0, n, n, n)
		if !orthonormalize(s.next, s.wide, n) {
			return
		}
	}
	for i, v := range s.next {
		s.vectors[i] = T(v)
	}
}

// eigenvectors makes the rows of dst the eigenvectors of the symmetric n×n matrix l, by
// decreasing eigenvalue. It reports whether they were found.
func eigenvectors(dst, l []float64, n int) bool {
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(n, l), true) {
		return false
	}
	var v mat.Dense
	e.VectorsTo(&v)
	for i := range n {
		mat.Col(dst[i*n:(i+1)*n], n-1-i, &v)
	}
	return true
}

// orthonormalize makes the n rows of b orthonormal from the first to the last, as Gram
// and Schmidt do, but twice, and as many at a time as a tile of a product has rows. It
// reports whether they were independent. spare has room for n² numbers.
func orthonormalize(b, spare []float64, n int) bool {
	const panel = 14
	for i := 0; i < n; i += panel {
		h := min(panel, n-i)
		rows, before := b[i*n:(i+h)*n], b[:i*n]
		for range 2 {
			if i > 0 {
				kernel.MatMulT(spare, rows, before, h, i, n)
				kernel.Scale(spare[:h*i], spare[:h*i], -1)
				kernel.MatMul(rows, spare, before, rows, h, h, i, n)
			}
			for j := range h {
				row := rows[j*n : (j+1)*n]
				for k := range j {
					subtractProjection(row, rows[k*n:(k+1)*n])
				}
				norm := math.Sqrt(kernel.SumSquares(row))
				if !(norm > 0) || math.IsInf(1/norm, 1) {
					return false
				}
				kernel.Scale(row, row, 1/norm)
			}
		}
	}
	return true
}

// subtractProjection makes x ← x − (x·u)u.
func subtractProjection(x, u []float64) {
	u = u[:len(x)]
	var s [4]float64
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s[0] += float64(x[i] * u[i])
		s[1] += float64(x[i+1] * u[i+1])
		s[2] += float64(x[i+2] * u[i+2])
		s[3] += float64(x[i+3] * u[i+3])
	}
	for ; i < len(x); i++ {
		s[0] += float64(x[i] * u[i])
	}
	along := (s[0] + s[1]) + (s[2] + s[3])
	for i, v := range u {
		x[i] -= float64(along * v)
	}
}
