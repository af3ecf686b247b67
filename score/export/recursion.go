package export

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/sde"
)

// recursion is a trace as a sampler would write it,
//
//	x_{k+1} = Σ_{i<window} (onX_i x_{k−i} + onScore_i s_{k−i}) + Σ onDraw z,
//
// from the last few rows and their scores: sums over all of them would cancel in float32.
type recursion struct {
	window int
	draws  int // in one step, the most
	steps  []step
}

// step is how a row is made. Weights of rows before the start are 0.
type step struct {
	onX, onScore []float64
	draw         []int // which
	onDraw       []float64
}

// mostWindow is how far a recursion looks back.
const mostWindow = 8

// newRecursion returns the recursion with the shortest memory, nil if there is none.
func newRecursion(p sde.SDE, tr *trace) *recursion {
	for window := 1; window <= mostWindow; window++ {
		r := &recursion{window: window}
		for k := 1; k < len(tr.rows); k++ {
			s, ok := tr.step(p, k, window)
			if !ok {
				break
			}
			r.steps = append(r.steps, s)
			r.draws = max(r.draws, len(s.draw))
		}
		if len(r.steps) == len(tr.rows)-1 {
			return r
		}
	}
	return nil
}

// step writes row k as a sum over the last rows, their scores and new draws.
func (tr *trace) step(p sde.SDE, k, window int) (step, bool) {
	s := step{onX: make([]float64, window), onScore: make([]float64, window)}
	have := min(window, k)
	target := tr.rows[k]
	scores := len(tr.times)
	// What the rows have to explain: the start, scores out of the window, draws that a
	// row of the window has already.
	var must []int
	for i := range target {
		free := i > 0 && i <= scores && i > k-have && i <= k
		if i > scores {
			free = true
			for w := 1; w <= have; w++ {
				free = free && tr.rows[k-w][i] == 0
			}
		}
		if !free {
			must = append(must, i)
		}
	}
	a, b := mat.NewDense(len(must), have, nil), mat.NewVecDense(len(must), nil)
	size := 0.0
	for r, i := range must {
		b.SetVec(r, target[i])
		for w := range have {
			a.Set(r, w, tr.rows[k-1-w][i])
		}
	}
	for _, v := range target {
		size = max(size, math.Abs(v))
	}
	beta := leastSquares(a, b)
	if beta == nil {
		return s, false
	}
	copy(s.onX, beta)
	rest := append([]float64(nil), target...)
	for w, x := range beta {
		for i := range rest {
			rest[i] -= x * tr.rows[k-1-w][i]
		}
	}
	tolerance := 1e-10 * max(size, 1e-300)
	for _, i := range must {
		if !(math.Abs(rest[i]) <= tolerance) {
			return s, false
		}
	}
	for w := range have {
		q := k - w // the score of x_{k−1−w}
		_, unit := unit(p, tr.times[q-1])
		s.onScore[w] = rest[q] / unit
	}
	for i := scores + 1; i < len(rest); i++ {
		if math.Abs(rest[i]) > tolerance {
			s.draw, s.onDraw = append(s.draw, i-scores-1), append(s.onDraw, rest[i])
		}
	}
	return s, true
}

// leastSquares returns the shortest x for which a·x is nearest to b.
func leastSquares(a *mat.Dense, b *mat.VecDense) []float64 {
	_, n := a.Dims()
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDThin) {
		return nil
	}
	values := svd.Values(nil)
	rank := 0
	for _, v := range values {
		if v > 1e-12*values[0] {
			rank++
		}
	}
	x := make([]float64, n)
	if rank == 0 {
		return x
	}
	var v mat.Dense
	svd.SolveTo(&v, b, rank)
	for i := range x {
		x[i] = v.At(i, 0)
	}
	return x
}
