package twosample

import (
	"iter"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"
)

// share hands the indices below n to as many goroutines as there are processors,
// and returns when all are done. What is stored for each index does not depend on
// their number. A panic of one is a panic of share.
func share(n int, work func(indices iter.Seq[int])) {
	var next atomic.Int64
	indices := func(yield func(int) bool) {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			if !yield(i) {
				return
			}
		}
	}
	var wg sync.WaitGroup
	panics := make([]any, min(n, runtime.GOMAXPROCS(0)))
	for w := range panics {
		wg.Go(func() {
			panics[w] = "twosample: a statistic ended its goroutine"
			defer func() {
				if p := recover(); p != nil {
					panics[w] = p
				}
			}()
			work(indices)
			panics[w] = nil
		})
	}
	wg.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
}

// points are rows of numbers, stored by columns, for distances in which the
// unit does not matter.
type points struct {
	n, d int
	at   []float64
}

// pointsOf returns the rows of both samples, scaled by one power of two so that
// squares do not overflow.
func pointsOf(x, y *mat.Dense) (points, points, int) {
	_, exponent := varying(x, y)
	return scaled(x, exponent), scaled(y, exponent), exponent
}

func scaled(x *mat.Dense, exponent int) points {
	n, d := x.Dims()
	p := points{n, d, columns(x)}
	for i, v := range p.at {
		p.at[i] = math.Ldexp(v, -exponent)
	}
	return p
}

// squares stores the squared distances of point i of p from the first len(dst)
// points of q. Several columns at a time are a third faster than one.
func (p points) squares(dst []float64, i int, q points) {
	clear(dst)
	n := len(dst)
	at := func(k int) (float64, []float64) { return p.at[k*p.n+i], q.at[k*q.n:][:n] }
	k := 0
	for ; k+4 <= p.d; k += 4 {
		v0, u0 := at(k)
		v1, u1 := at(k + 1)
		v2, u2 := at(k + 2)
		v3, u3 := at(k + 3)
		for j, w := range u0 {
			a, b, c, e := v0-w, v1-u1[j], v2-u2[j], v3-u3[j]
			dst[j] += (a*a + b*b) + (c*c + e*e)
		}
	}
	for ; k < p.d; k++ {
		v, u := at(k)
		for j, w := range u {
			dst[j] += (v - w) * (v - w)
		}
	}
}
