package sampler

import "math"

// Resampler chooses which weighted particles live on. Ancestors writes, for each place
// of dst, the index of the particle that goes there, in increasing order and so that
// particle i is expected len(dst) w_i times. The weights w ≥ 0 have the length of dst and
// sum to 1; u holds as many uniform numbers of [0, 1), all that is random.
//
// It is a pure function and safe for concurrent use.
type Resampler interface {
	Ancestors(dst []int, w, u []float64)
}

var (
	_ Resampler = Systematic{}
	_ Resampler = Stratified{}
	_ Resampler = Residual{}
	_ Resampler = Multinomial{}
)

// Systematic resampling (Kitagawa 1996) takes the particles at (i + u)/n of their
// cumulated weights, i = 0 … n−1, with one u for all: ⌊nw⌋ or ⌈nw⌉ copies of each. It
// adds the least noise in practice; how much depends on the order of the particles.
type Systematic struct{}

// Ancestors implements Resampler.
func (Systematic) Ancestors(dst []int, w, u []float64) {
	descend(dst, w, func(i int) float64 { return (float64(i) + u[0]) / float64(len(dst)) })
}

// Stratified resampling (Kitagawa 1996) takes the particles at (i + u_i)/n of their
// cumulated weights, one draw in each of n equal parts. Its variance is at most that of
// Multinomial.
type Stratified struct{}

// Ancestors implements Resampler.
func (Stratified) Ancestors(dst []int, w, u []float64) {
	descend(dst, w, func(i int) float64 { return (float64(i) + u[i]) / float64(len(dst)) })
}

// Residual resampling (Liu & Chen 1998) makes ⌊nw⌋ copies of each particle, and draws
// the rest independently with what is left of the weights. Its variance is at most that
// of Multinomial.
type Residual struct{}

// Ancestors implements Resampler.
func (Residual) Ancestors(dst []int, w, u []float64) {
	n := len(dst)
	copies, rest, left := make([]int, n), make([]float64, n), n
	const rounding = 1e-9 // of a weight that means a whole number of copies
	sum := 0.0
	for i, v := range w {
		v *= float64(n)
		copies[i] = min(int(v+rounding), left)
		left -= copies[i]
		rest[i] = max(0, v-math.Floor(v+rounding))
		sum += rest[i]
	}
	if left > 0 {
		if !(sum > 0) {
			copy(rest, w) // what rounding left over
			sum = 1
		}
		for i := range rest {
			rest[i] /= sum
		}
		drawn := make([]int, left)
		Multinomial{}.Ancestors(drawn, rest, u[:left])
		for _, i := range drawn {
			copies[i]++
		}
	}
	k := 0
	for i, c := range copies {
		for range c {
			dst[k] = i
			k++
		}
	}
}

// Multinomial resampling (Gordon, Salmond & Smith 1993) draws every place independently:
// the plainest, with the most noise.
type Multinomial struct{}

// Ancestors implements Resampler. Its uniforms in increasing order are made from u as
// products of powers, from the largest down.
func (Multinomial) Ancestors(dst []int, w, u []float64) {
	n := len(dst)
	at, top := make([]float64, n), 1.0
	for i := n - 1; i >= 0; i-- {
		top *= math.Pow(1-u[i], 1/float64(i+1))
		at[i] = top
	}
	descend(dst, w, func(i int) float64 { return at[i] })
}

// descend takes the particles at increasing places of their cumulated weights.
func descend(dst []int, w []float64, at func(i int) float64) {
	last := len(w) - 1
	for last > 0 && w[last] == 0 {
		last-- // where the sum of the weights ends, up to rounding
	}
	k, sum := 0, w[0]
	for i := range dst {
		for place := at(i); place >= sum && k < last; {
			k++
			sum += w[k]
		}
		dst[i] = k
	}
}
