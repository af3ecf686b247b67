package smooth

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// exact is the mean of rows by its definition, over those of a group, and by how much it
// may be off without those out of reach.
func exact(x []float64, group []int, p Point) (mean []float64, slack float64) {
	d := len(p.Y)
	n := len(x) / d
	log, highest := make([]float64, n), math.Inf(-1)
	for j := range n {
		if group != nil && group[j] != p.Group {
			log[j] = math.Inf(-1)
			continue
		}
		for k, y := range p.Y {
			if σ := p.sigma(k); !math.IsInf(σ, 1) {
				e := (y - x[j*d+k]) / σ
				if math.IsNaN(e) {
					e = math.Inf(1)
				}
				log[j] -= e * e / 2
			}
		}
		highest = max(highest, log[j])
	}
	mean = make([]float64, d)
	total, out, widest := 0.0, 0.0, 0.0
	for j := range n {
		w := math.Exp(log[j] - highest)
		if w == 0 {
			continue
		}
		total += w
		for k := range mean {
			mean[k] += w * x[j*d+k]
			if off := math.Abs(x[j*d+k] - p.Y[k]); off > reach*p.sigma(k) {
				out, widest = out+w, max(widest, off)
			}
		}
	}
	for k := range mean {
		mean[k] /= total
	}
	return mean, 2 * out / total * widest
}

func normals(rng *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

// noisy returns a point made from a row, with the shift that belongs to it.
func noisy(rng *rand.Rand, x []float64, row, d int, σ ...float64) Point {
	p := Point{Y: append([]float64(nil), x[row*d:][:d]...), Sigma: σ, Row: row}
	for k := range p.Y {
		if math.IsInf(p.sigma(k), 1) {
			continue
		}
		z := rng.NormFloat64()
		p.Y[k] += p.sigma(k) * z
		p.Shift += z * z / 2
	}
	return p
}

func TestMeansEqualTheirDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, d := range []int{1, 2, 3, 5, 20} {
		for _, n := range []int{1, 5, 40, 2000} {
			r := New(n+7, d, 1)
			for range 2 { // what was there before does not matter
				x := normals(rng, n*d)
				r.Load(x, nil)
				for _, σ := range []float64{1e-3, 0.02, 0.1, 0.5, 3, 80} {
					for range 30 {
						p := noisy(rng, x, rng.IntN(n), d, σ)
						want, slack := exact(x, nil, p)
						got := make([]float64, d)
						if !r.Mean(got, p) {
							require.Greater(t, p.Shift, 9.0, "noise beyond reach")
							continue
						}
						for k := range want {
							require.InDelta(t, want[k], got[k], slack+2e-5*(1+math.Abs(want[k])), "%d of %d columns, σ = %v", n, d, σ)
						}
					}
				}
			}
		}
	}
}

// Columns of many units, ties, constants, rows far out: the grid fits them badly, and
// the means are right.
func TestMeansOfOddRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 300
	for name, make1 := range map[string]func(j int) []float64{
		"units": func(int) []float64 {
			return []float64{1e-3 * rng.NormFloat64(), rng.NormFloat64(), 1e3 * rng.NormFloat64()}
		},
		"offset":    func(int) []float64 { return []float64{1e6 + rng.NormFloat64(), -1e6 + rng.NormFloat64()} },
		"ties":      func(j int) []float64 { return []float64{float64(j % 2), float64(j % 3)} },
		"constant":  func(int) []float64 { return []float64{7, rng.NormFloat64()} },
		"all equal": func(int) []float64 { return []float64{7, -3} },
		"far": func(j int) []float64 {
			return []float64{rng.NormFloat64() * math.Pow(10, float64(j%7)), rng.NormFloat64()}
		},
		"late": func(j int) []float64 { return []float64{max(0, float64(j)-250), 1} },
	} {
		t.Run(name, func(t *testing.T) {
			var x []float64
			for j := range n {
				x = append(x, make1(j)...)
			}
			d := len(x) / n
			r := New(n, d, 1)
			r.Load(x, nil)
			met := 0
			for _, σ := range []float64{0.05, 1, 100} {
				for range 50 {
					p := noisy(rng, x, rng.IntN(n), d, σ)
					want, slack := exact(x, nil, p)
					got := make([]float64, d)
					if !r.Mean(got, p) {
						continue
					}
					met++
					for k := range want {
						require.InDelta(t, want[k], got[k], slack+1e-4*(σ+math.Abs(want[k])+math.Abs(p.Y[k])))
					}
				}
			}
			require.Greater(t, met, 40)
		})
	}
}

func TestMeansAreThoseOfTheirGroup(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, groups := range []int{2, 7, 64} {
		const n, d = 500, 2
		x, group := normals(rng, n*d), make([]int, n)
		for j := range group {
			group[j] = rng.IntN(groups) * rng.IntN(2) // half of them are of the first
		}
		r := New(n, d, groups)
		r.Load(x, group)
		for _, σ := range []float64{0.05, 0.5, 5} {
			for range 100 {
				row := rng.IntN(n)
				p := noisy(rng, x, row, d, σ)
				p.Group = group[row]
				want, slack := exact(x, group, p)
				got := make([]float64, d)
				require.True(t, r.Mean(got, p) || p.Shift > 9)
				if p.Shift < 9 {
					require.InDeltaSlice(t, want, got, slack+2e-5)
				}
			}
		}
	}
}

// A value that is missing takes the row out where its column counts, and nowhere else.
func TestMeansWithColumnsLeftOutAndMissingValues(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const n = 400
	for _, d := range []int{2, 4} {
		x := normals(rng, n*d)
		for i := range x {
			if rng.IntN(4) == 0 {
				x[i] = math.NaN()
			}
		}
		r := New(n, d, 1)
		r.Load(x, nil)
		for range 300 {
			row, out := rng.IntN(n), rng.IntN(d)
			σ := make([]float64, d)
			for k := range σ {
				σ[k] = math.Exp(rng.NormFloat64() - 1)
				if k == out || math.IsNaN(x[row*d+k]) {
					σ[k] = math.Inf(1)
				}
			}
			p := noisy(rng, x, row, d, σ...)
			want, slack := exact(x, nil, p)
			got := make([]float64, d)
			counts := false
			for k := range σ {
				counts = counts || !math.IsInf(σ[k], 1)
			}
			require.Equal(t, counts, r.Mean(got, p) || p.Shift > 9)
			for k := range want {
				if !math.IsInf(σ[k], 1) && p.Shift < 9 {
					require.InDelta(t, want[k], got[k], slack+2e-5)
				}
			}
		}
	}
}

func TestMeansAreRefusedWhereTheyAreNotKnown(t *testing.T) {
	r := New(40, 2, 1)
	x := normals(rand.New(rand.NewPCG(9, 10)), 80)
	x[0], x[1] = 30, 30
	dst := []float64{1, 2}
	at := func(y0, y1, σ float64, row int) bool {
		ok := r.Mean(dst, Point{Y: []float64{y0, y1}, Sigma: []float64{σ}, Row: row})
		if !ok {
			require.Equal(t, []float64{1, 2}, dst)
		}
		dst = []float64{1, 2}
		return ok
	}
	require.False(t, at(0, 0, 1, -1), "no rows")
	r.Load(x, nil)
	require.True(t, at(30, 30, 0.01, 0))
	require.True(t, at(30, 30, 0.01, -1))
	require.False(t, at(30, 30, 30e-6, 0), "too sharp for float32")
	require.False(t, at(30, 30, 0, 0))
	require.False(t, at(-60, 30, 0.01, -1), "nothing near")
	require.False(t, at(math.NaN(), 30, 0.01, 0))
	require.True(t, at(0, 0, 1, -1))
}

// The mean of the clean row given the noisy one is that of the target, whichever of the
// rows was noised: E (m − x)·h(y) = 0, over many sets of rows. To leave the own row out
// is the mistake that the test must be able to see.
func TestMeansHaveTheExpectationOfTheRow(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	const n, sets, points = 32, 2000, 6
	for _, σ := range []float64{0.02, 0.1, 0.4} {
		r := New(n, 2, 1)
		var sums, others [3][]float64
		for range sets {
			x := normals(rng, 2*n)
			for i := range n { // two moons, more or less
				x[2*i+1] = math.Abs(x[2*i]) + 0.05*x[2*i+1]
			}
			r.Load(x, nil)
			var mean, without [3]float64
			for row := range points {
				p := noisy(rng, x, row, 2, σ)
				got := append([]float64(nil), x[2*row:][:2]...)
				r.Mean(got, p)
				left, _ := exact(append(append([]float64(nil), x[:2*row]...), x[2*row+2:]...), nil, p)
				for h, probe := range []float64{1, p.Y[0], math.Tanh(2 * p.Y[1])} {
					mean[h] += (got[0] + 2*got[1] - x[2*row] - 2*x[2*row+1]) * probe / points
					without[h] += (left[0] + 2*left[1] - x[2*row] - 2*x[2*row+1]) * probe / points
				}
			}
			for h := range sums {
				sums[h], others[h] = append(sums[h], mean[h]), append(others[h], without[h])
			}
		}
		worst, seen := 0.0, 0.0
		for h := range sums {
			m, s := moments(sums[h], sets, 1)
			worst = max(worst, math.Abs(m)/s*math.Sqrt(sets))
			m, s = moments(others[h], sets, 1)
			seen = max(seen, math.Abs(m)/s*math.Sqrt(sets))
		}
		require.Less(t, worst, 4.0, "σ = %v", σ)
		require.Greater(t, seen, 6.0, "σ = %v", σ)
	}
}

func TestMeansDoNotDependOnWhoElseAsks(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	const n, d = 1000, 3
	r, x := New(n, d, 1), normals(rng, n*d)
	r.Load(x, nil)
	points := make([]Point, 400)
	for i := range points {
		points[i] = noisy(rng, x, rng.IntN(n), d, math.Exp(2*rng.NormFloat64()-2))
	}
	ask := func(workers int) []float64 {
		dst := make([]float64, len(points)*d)
		var wait sync.WaitGroup
		for w := range workers {
			wait.Go(func() {
				for i := w; i < len(points); i += workers {
					r.Mean(dst[i*d:][:d], points[i])
				}
			})
		}
		wait.Wait()
		return dst
	}
	want := ask(1)
	for _, workers := range []int{2, 3, 7} {
		require.Equal(t, want, ask(workers))
	}
}

func TestLoadAndMeanDoNotAllocate(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	r, x, dst := New(300, 4, 1), normals(rng, 1200), make([]float64, 4)
	p := noisy(rng, x, 5, 4, 0.3)
	r.Load(x, nil)
	r.Mean(dst, p)
	require.Zero(t, testing.AllocsPerRun(20, func() {
		r.Load(x, nil)
		r.Mean(dst, p)
	}))
	runtime.KeepAlive(r)
}

func TestImpossibleArgumentsPanic(t *testing.T) {
	r := New(3, 2, 2)
	r.Load(make([]float64, 4), []int{0, 1})
	for name, f := range map[string]func(){
		"no rows":        func() { New(0, 2, 1) },
		"no columns":     func() { New(3, 0, 1) },
		"no groups":      func() { New(3, 2, 0) },
		"too many rows":  func() { New(MostRows+1, 1, 1) },
		"too much":       func() { New(1<<20, math.MaxInt>>20, 1) },
		"half a row":     func() { r.Load(make([]float64, 3), []int{0}) },
		"no room":        func() { r.Load(make([]float64, 8), make([]int, 4)) },
		"without groups": func() { r.Load(make([]float64, 4), nil) },
		"short point":    func() { r.Mean(make([]float64, 2), Point{Y: make([]float64, 1), Sigma: []float64{1}}) },
		"deviations":     func() { r.Mean(make([]float64, 2), Point{Y: make([]float64, 2), Sigma: nil}) },
		"group":          func() { r.Mean(make([]float64, 2), Point{Y: make([]float64, 2), Sigma: []float64{1}, Group: 2}) },
		"row":            func() { r.Mean(make([]float64, 2), Point{Y: make([]float64, 2), Sigma: []float64{1}, Row: 2}) },
	} {
		require.Panics(t, f, name)
	}
}

// BenchmarkLoad and BenchmarkMean are of 4,096 rows of a normal distribution.
func BenchmarkLoad(b *testing.B) {
	for _, d := range []int{1, 2, 3, 16} {
		b.Run(fmt.Sprintf("d=%d", d), func(b *testing.B) {
			const n = 4096
			r, x := New(n, d, 1), normals(rand.New(rand.NewPCG(17, 18)), n*d)
			for b.Loop() {
				r.Load(x, nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}

func BenchmarkMean(b *testing.B) {
	for _, d := range []int{1, 2, 3, 16} {
		for _, σ := range []float64{0.01, 0.05, 0.2, 1} {
			b.Run(fmt.Sprintf("d=%d/σ=%v", d, σ), func(b *testing.B) {
				const n = 4096
				rng := rand.New(rand.NewPCG(19, 20))
				r, x, dst := New(n, d, 1), normals(rng, n*d), make([]float64, d)
				r.Load(x, nil)
				var points [64]Point
				for i := range points {
					points[i] = noisy(rng, x, i, d, σ)
				}
				i := 0
				for b.Loop() {
					r.Mean(dst, points[i%64])
					i++
				}
			})
		}
	}
}
