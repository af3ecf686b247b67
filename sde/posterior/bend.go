package posterior

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// bend is how an h that is not linear differs over u ~ N(D, R) from its tangent at D, number
// by number:
//
//	E h(u) ≈ h(D) + mean,   Cov h(u) ≈ diag(√part) H V Hᵀ diag(√part) + diag(more).
//
// So there is no certainty where h has no slope, as the square of a column at 0, and the
// slope of one that levels off is taken for what it is further out. It is found from 2·pairs points.
type bend struct{ mean, part, more *mat.Dense }

// bend looks at h about D, with the R of PiGDM.
func (at *moment) bend(by PiGDM) *bend {
	n, d := at.x.Dims()
	_, m := at.like.Dims()
	room := func() *mat.Dense { return mat.NewDense(n, m, nil) }
	b := &bend{room(), room(), room()}
	here, slope, count, all, straight := room(), room(), room(), room(), room()
	sides := [2]*mat.Dense{room(), room()}
	deviation, step, u := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	for i := range n {
		r := by.variances(i, at)
		at.hide(r, i)
		for j, v := range r {
			deviation.Set(i, j, math.Sqrt(v))
		}
	}
	center := at.denoised()
	at.like.op.Apply(here, at.like.data(center))
	for _, z := range points(d) {
		for i := range n {
			for j, s := range deviation.RawRowView(i) {
				step.Set(i, j, s*z[j])
			}
		}
		at.like.jvp(slope, center, step)
		for k, h := range sides {
			u.Scale(float64(1-2*k), step)
			u.Add(center, u)
			at.like.op.Apply(h, at.like.data(u))
			h.Sub(h, here)
		}
		for i := range n {
			for k := range m {
				up, down, line := sides[0].At(i, k), sides[1].At(i, k), slope.At(i, k)
				mean, square := (up+down)/2, (up*up+down*down)/2
				if !finite(square) || !finite(line*line) {
					continue // h is not defined there
				}
				count.Set(i, k, count.At(i, k)+1)
				b.mean.Set(i, k, b.mean.At(i, k)+mean)
				all.Set(i, k, all.At(i, k)+square)
				straight.Set(i, k, straight.At(i, k)+line*line)
			}
		}
	}
	for i := range n {
		for k := range m {
			c := max(1, count.At(i, k))
			mean, line := b.mean.At(i, k)/c, straight.At(i, k)/c
			v := max(0, all.At(i, k)/c-mean*mean)
			b.mean.Set(i, k, mean)
			b.part.Set(i, k, 1)
			if v < line {
				b.part.Set(i, k, v/line)
			}
			b.more.Set(i, k, max(0, v-line))
		}
	}
	return b
}

// of makes the moments of h of those of its tangent: the covariance s, and the residual r
// of row i.
func (b *bend) of(s *mat.SymDense, r []float64, i int) {
	part := b.part.RawRowView(i)
	for k := range r {
		r[k] -= b.mean.At(i, k)
		for l := range k + 1 {
			s.SetSym(k, l, s.At(k, l)*math.Sqrt(part[k]*part[l]))
		}
		s.SetSym(k, k, s.At(k, k)+b.more.At(i, k))
	}
}

// slope makes weights of the tangent of those of h.
func (b *bend) slope(w []float64, i int) {
	for k, c := range b.part.RawRowView(i) {
		w[k] *= math.Sqrt(c)
	}
}

const pairs = 8

// points returns normals of d columns, which with those of the other signs have mean 0 and
// variance 1: the same quantiles in every column, in an order of its own.
func points(d int) [pairs][]float64 {
	var quantiles [pairs]float64
	square := 0.0
	for k := range quantiles {
		quantiles[k] = math.Sqrt2 * math.Erfinv((float64(k)+0.5)/pairs)
		square += quantiles[k] * quantiles[k] / pairs
	}
	var z [pairs][]float64
	for k := range z {
		z[k] = make([]float64, d)
		quantiles[k] /= math.Sqrt(square)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for j := range d {
		random.Shuffle(pairs, func(a, b int) { quantiles[a], quantiles[b] = quantiles[b], quantiles[a] })
		for k, q := range quantiles {
			z[k][j] = q
			if random.Uint64()&1 == 1 {
				z[k][j] = -q
			}
		}
	}
	return z
}
