package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

func testRuns[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(51, 52))
	const size, base = 40, 7
	var runs []Run
	to := int32(base)
	for range 30 {
		n := rng.Int32N(20)
		runs = append(runs, Run{to, rng.Int32N(size-n+1) - rng.Int32N(2)*size, n})
		to += n
	}
	x, y, start := random[T](rng, size), random[T](rng, int(to)-base), random[T](rng, size)
	want, back := make([]T, len(y)), append([]T(nil), start...)
	for _, r := range runs {
		for k := range r.N {
			if r.From >= 0 {
				want[r.To-base+k] = x[r.From+k]
				back[r.From+k] += y[r.To-base+k]
			}
		}
	}
	got := guarded[T](len(y))
	Gather(got.in, x, runs, base)
	got.requireBits(t, want)
	got = guarded[T](size)
	copy(got.in, start)
	Scatter(got.in, y, runs, base)
	got.requireBits(t, back)
}

func TestScatterAddsWhatGatherCopies(t *testing.T) {
	forPaths(t, testRuns[float32])
	forPaths(t, testRuns[float64])
}

func testMaxCols[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(53, 54))
	for _, r := range sizes {
		for _, n := range sizes[1:] {
			x, want := random[T](rng, r*n), make([]T, r)
			for i := range r {
				if i%5 == 3 {
					x[i*n+rng.IntN(n)] = T(math.NaN())
				}
				want[i] = T(math.Inf(-1))
				for _, v := range x[i*n : i*n+n] {
					want[i] = max(want[i], v)
				}
			}
			dst := guarded[T](r)
			MaxCols(dst.in, x, r, n)
			dst.requireBits(t, want)
		}
	}
}

func TestMaxColsIsTheLargestOrNaN(t *testing.T) {
	forPaths(t, testMaxCols[float32])
	forPaths(t, testMaxCols[float64])
}

func testTranspose[T Float](t *testing.T) {
	rng := rand.New(rand.NewPCG(55, 56))
	for _, r := range sizes {
		for _, n := range sizes {
			apart := r + rng.IntN(3)
			x, want := random[T](rng, n*apart), make([]T, r*n)
			for i := range want {
				want[i] = x[i%n*apart+i/n]
			}
			dst := guarded[T](r * n)
			Transpose(dst.in, x, apart, r, n)
			dst.requireBits(t, want)
		}
	}
}

func TestTransposeTurnsRowsIntoColumns(t *testing.T) {
	forPaths(t, testTranspose[float32])
	forPaths(t, testTranspose[float64])
}
