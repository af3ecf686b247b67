package noise

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

var _ Source = Brownian{}

// Brownian serves the increments of Brownian paths: a Draw is answered with
//
//	(W_T − W_U) / √|T − U|
//
// of a path W with W₀ = 0 that is one for all steps and parts of a run, and
// another for every row, column, slot and purpose. Overlapping and nested
// intervals therefore agree with each other, whoever asks and in which order.
//
// The path is a tree of bridges. Over each octave [2ᵉ, 2ᵉ⁺¹] of times it has an
// increment of its own, and within an interval of length L whose increment is Δ
// the middle divides it into
//
//	½Δ + ½√L ξ   and   ½Δ − ½√L ξ
//
// (Lévy 1948), with ξ addressed by the time of the middle. An octave is halved at
// most 52 times, because by then every float64 in it is an end: the path is
// exact at every time, and no interpolation or tolerance enters. Negative times
// have a path of their own. There is no span to choose: times are clamped to
// ±2¹⁰²², and those closer to 0 than 2⁻⁹⁰⁰ to 0. A time that is NaN has no place on
// a path: all of dst is NaN then.
//
// An empty interval, as that of a run's starting points, has no increment; its
// normals are White's. A draw costs some fifty to a hundred times White's, a few
// microseconds for four columns of a row.
type Brownian struct{ Seed uint64 }

// Normal fills dst, whose width may be anything.
func (b Brownian) Normal(dst *mat.Dense, at Draw) {
	t, u := clamp(at.T), clamp(at.U)
	if t == u {
		White(b).Normal(dst, at)
		return
	}
	rows, cols := dst.Dims()
	if math.IsNaN(t) || math.IsNaN(u) {
		for i := range rows {
			for j := range cols {
				dst.Set(i, j, math.NaN())
			}
		}
		return
	}
	scale := 1 / math.Sqrt(math.Abs(t-u))
	if t < u {
		t, u, scale = u, t, -scale
	}
	p := path{seed: b.Seed, row: uint64(at.Row), slot: uint64(at.Slot), purpose: uint64(at.Purpose) << 56}
	for i := range rows {
		z := dst.RawRowView(i)
		for j := 0; j < cols; j += 4 {
			p.n, p.wide = uint64(j/4), cols-j > 2
			w := p.increment(u, t)
			for k := range min(4, cols-j) {
				z[j+k] = scale * w[k]
			}
		}
		p.row++
	}
}

// clamp confines a time to the span of the paths.
func clamp(t float64) float64 {
	if math.Abs(t) < 0x1p-900 {
		return 0
	}
	return max(-0x1p1022, min(0x1p1022, t))
}

// path is what four neighbouring columns of a row share.
type path struct {
	seed, row, slot, purpose, n uint64
	wide                        bool // more than two of the columns are wanted
}

// quad holds a number for each of the four columns.
type quad [4]float64

func (q *quad) add(c float64, r quad) {
	for i := range q {
		q[i] += c * r[i]
	}
}

// normal returns the standard normals that belong to a time: to an octave by
// its end nearer to 0, to any other interval by its middle.
func (p *path) normal(time float64) (z quad) {
	w0, w1, w2, w3 := block(p.row, math.Float64bits(time), p.slot, p.purpose|p.n, p.seed, paths)
	z[0], z[1] = boxMuller(w0, w1)
	if p.wide {
		z[2], z[3] = boxMuller(w2, w3)
	}
	return z
}

// increment returns W_t − W_u for u < t.
func (p *path) increment(u, t float64) (w quad) {
	switch {
	case u < 0 && t > 0:
		w = p.increment(u, 0)
		w.add(1, p.increment(0, t))
		return w
	case u < 0: // the mirror image, on a path of its own
		return p.outward(-1, -t, -u)
	}
	return p.outward(1, u, t)
}

// octaves is how many octaves below a time are summed on the way from 0: the
// rest is smaller by 2⁻⁶⁰.
const octaves = 120

// outward returns the increment over [sign·u, sign·t] for 0 ≤ u < t, as that of
// the path read away from 0, with its sign.
func (p *path) outward(sign, u, t float64) (w quad) {
	top := math.Ilogb(t)
	bottom := top - octaves
	if u > 0 {
		bottom = math.Ilogb(u)
	}
	for e := top; e >= bottom; e-- {
		lo := math.Ldexp(1, e)
		from, to := lo, 2*lo
		if e == bottom && u > 0 {
			from = u
		}
		if e == top {
			to = t
		}
		if from < to {
			w.add(1, p.within(sign, lo, from, to))
		}
	}
	return w
}

// within returns the increment over [u, t] inside the octave that begins at lo.
func (p *path) within(sign, lo, u, t float64) (w quad) {
	length := lo
	var d quad // the increment over [lo, lo+length]
	d.add(math.Sqrt(length), p.normal(sign*lo))
	// Down to the interval in which u and t part, or which they are.
	for {
		if u == lo && t-lo == length {
			return d
		}
		left, right, middle := p.halves(sign, lo, length, d)
		length *= 0.5
		switch {
		case t <= middle:
			d = left
		case u >= middle:
			d, lo = right, middle
		default:
			w = p.after(sign, lo, length, left, u)
			w.add(1, p.before(sign, middle, length, right, t))
			return w
		}
	}
}

// halves divides the increment d over [lo, lo+length] at the middle.
func (p *path) halves(sign, lo, length float64, d quad) (left, right quad, middle float64) {
	middle = lo + 0.5*length
	z, c := p.normal(sign*middle), 0.5*math.Sqrt(length)
	for i := range d {
		left[i] = 0.5*d[i] + c*z[i]
		right[i] = 0.5*d[i] - c*z[i]
	}
	return left, right, middle
}

// before returns the increment over [lo, t], given d over [lo, lo+length].
func (p *path) before(sign, lo, length float64, d quad, t float64) (w quad) {
	for t > lo {
		if t-lo == length {
			w.add(1, d)
			return w
		}
		left, right, middle := p.halves(sign, lo, length, d)
		length *= 0.5
		if t < middle {
			d = left
			continue
		}
		w.add(1, left)
		d, lo = right, middle
	}
	return w
}

// after returns the increment over [u, lo+length], given d over all of it.
func (p *path) after(sign, lo, length float64, d quad, u float64) (w quad) {
	for {
		if u == lo {
			w.add(1, d)
			return w
		}
		if u-lo == length {
			return w
		}
		left, right, middle := p.halves(sign, lo, length, d)
		length *= 0.5
		if u >= middle {
			d, lo = right, middle
			continue
		}
		w.add(1, right)
		d = left
	}
}
