package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// window is the number of points of a row: 32 ms at 8 kHz.
const window = 256

// recording is a sound and the parts of it that windows are taken from.
type recording struct {
	wave   []float64
	rate   int      // points a second
	vowels []string // names of the classes
	spans  []span
}

// span is where a recording has one vowel at one pitch.
type span struct {
	from, to int     // windows begin at from, …, to − 1
	pitch    float64 // Hz
	vowel    int
}

const (
	rate = 8000      // of what the voice sings
	note = rate / 10 // points of a note
)

// sing returns a recording of the voice: short notes one after the other, each of another
// vowel, pitch, mouth, gain and breath.
func sing(seed uint64, notes int) *recording {
	r := &recording{make([]float64, notes*note), rate, vowels, make([]span, notes)}
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range r.spans {
		v, from := newTone(rng), i*note
		v.sing(r.wave[from:from+note], rate, rng.Float64(), rng)
		r.spans[i] = span{from, from + note - window + 1, v.pitch, v.vowel}
	}
	return r
}

// parts deals out the seconds of a recording: of ten, seven to learn, one to choose the
// weights by, and two to compare with. What lies across two seconds is in no part.
func (r *recording) parts() (parts [3]*recording) {
	for i := range parts {
		parts[i] = &recording{wave: r.wave, rate: r.rate, vowels: r.vowels}
	}
	of := [10]int{0, 0, 2, 0, 0, 1, 0, 2, 0, 0}
	for _, s := range r.spans {
		second := s.from / r.rate
		if (s.to+window-2)/r.rate == second {
			p := parts[of[second%10]]
			p.spans = append(p.spans, s)
		}
	}
	return parts
}

// set is windows, a row each, and the logarithm of the pitch and the vowel of each.
type set struct{ x, cond *mat.Dense }

func newSet(n int) set { return set{mat.NewDense(n, window, nil), mat.NewDense(n, 2, nil)} }

func (s set) len() int            { return s.x.RawMatrix().Rows }
func (s set) pitch(i int) float64 { return math.Exp(s.cond.At(i, 0)) }
func (s set) vowel(i int) int     { return int(s.cond.At(i, 1)) }

// Dims implements score.Data.
func (r *recording) Dims() (d, cond int) { return window, 2 }

// Batch implements score.Data: a window of a random span begins anywhere in it.
func (r *recording) Batch(x, cond *mat.Dense, _, _ int, rng *rand.Rand) error {
	for i := range x.RawMatrix().Rows {
		s := r.spans[rng.IntN(len(r.spans))]
		r.cut(x.RawRowView(i), s, rng)
		if cond != nil {
			cond.SetRow(i, s.cond())
		}
	}
	return nil
}

func (s span) cond() []float64 { return []float64{math.Log(s.pitch), float64(s.vowel)} }

// cut copies a window of the span.
func (r *recording) cut(dst []float64, s span, rng *rand.Rand) {
	from := s.from + rng.IntN(s.to-s.from)
	copy(dst, r.wave[from:from+window])
}

// windows returns one of each of n random spans, of all when there are no more.
func (r *recording) windows(n int, seed uint64) set {
	rng := rand.New(rand.NewPCG(seed, 2))
	order := rng.Perm(len(r.spans))
	w := newSet(min(n, len(order)))
	for i := range w.len() {
		s := r.spans[order[i]]
		r.cut(w.x.RawRowView(i), s, rng)
		w.cond.SetRow(i, s.cond())
	}
	return w
}
