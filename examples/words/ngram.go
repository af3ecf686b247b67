package main

import "math/rand/v2"

// ngram is a model of the next symbol given up to order−1 before it: Kneser and Ney's
// interpolation, in which a shorter context counts the different symbols before it
// (Kneser & Ney 1995; Chen & Goodman 1999),
//
//	p(k|c) = max(n(ck) − D, 0)/n(c) + D n₊(c)/n(c) · p(k|c'),   D = n₁/(n₁ + 2n₂),
//
// n₊(c) being how many symbols follow c, c' the context without its first symbol, and
// n₁ and n₂ how many ck are counted once and twice. Below all is p = 1/K.
type ngram struct {
	count    []map[uint64]int32 // of c and k, by length of c
	context  []map[uint64]tally // of c
	discount []float64
}

// tally is what is counted after a context: symbols, and different ones.
type tally struct{ n, kinds int32 }

// key returns labels as one number.
func key(labels []uint8) uint64 {
	n := uint64(1)
	for _, k := range labels {
		n = n*uint64(kinds) + uint64(k)
	}
	return n
}

// learnNgram returns the model of an order, up to 12, that a text has.
func learnNgram(c corpus, order int) *ngram {
	g := &ngram{make([]map[uint64]int32, order), make([]map[uint64]tally, order), make([]float64, order)}
	whole := make(map[uint64]int32)
	for _, part := range c {
		for i := range len(part) - order + 1 {
			whole[key(part[i:i+order])]++
		}
	}
	for n := order - 1; n >= 0; n-- {
		g.count[n], g.context[n] = whole, make(map[uint64]tally)
		once, twice := 0.0, 0.0
		shorter, top := make(map[uint64]int32), uint64(1)
		for range n {
			top *= uint64(kinds)
		}
		for ck, times := range whole {
			t := g.context[n][ck/uint64(kinds)]
			g.context[n][ck/uint64(kinds)] = tally{t.n + times, t.kinds + 1}
			switch times {
			case 1:
				once++
			case 2:
				twice++
			}
			shorter[top+ck%top]++ // a different symbol before it
		}
		if once > 0 {
			g.discount[n] = once / (once + 2*twice)
		}
		whole = shorter
	}
	return g
}

// next writes the probabilities of the symbols that may follow the labels.
func (g *ngram) next(dst []float64, before []uint8) {
	for k := range dst {
		dst[k] = 1 / float64(kinds)
	}
	for n := range g.count {
		if n > len(before) {
			return
		}
		c := key(before[len(before)-n:])
		t := g.context[n][c]
		if t.n == 0 {
			return
		}
		rest := g.discount[n] * float64(t.kinds) / float64(t.n)
		for k := range dst {
			times := float64(g.count[n][c*uint64(kinds)+uint64(k)])
			dst[k] = max(times-g.discount[n], 0)/float64(t.n) + rest*dst[k]
		}
	}
}

// sample draws windows, symbol after symbol.
func (g *ngram) sample(n, window int, rng *rand.Rand) [][]uint8 {
	w, p := make([][]uint8, n), make([]float64, kinds)
	for i := range w {
		for len(w[i]) < window {
			g.next(p, w[i])
			w[i] = append(w[i], choose(p, rng))
		}
	}
	return w
}

// choose draws a label with these probabilities.
func choose[T float32 | float64](p []T, rng *rand.Rand) uint8 {
	u := rng.Float64()
	for k, v := range p {
		if u -= float64(v); u < 0 {
			return uint8(k)
		}
	}
	return uint8(len(p) - 1)
}
