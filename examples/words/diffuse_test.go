package main

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/score"
)

// start is a text of which symbols, but not all, are frequent.
func start(t *testing.T) corpus {
	text, err := read()
	require.NoError(t, err)
	return corpus{text[:50_000]}
}

func TestVectorsAreASimplexOfMeanZeroAndMeanSquareOne(t *testing.T) {
	c := start(t)
	v := vectorsOf(c)
	all, mean, square := make([]float64, c.len()*kinds), make([]float64, kinds), 0.0
	v.write(all, c[0])
	for i, e := range all {
		mean[i%kinds] += e / float64(c.len())
		square += e * e / float64(len(all))
	}
	require.InDelta(t, 1, square, 1e-3) // one occurrence more of each symbol
	require.InDeltaSlice(t, make([]float64, kinds), mean, 4e-3)
	table := mat.NewDense(kinds, kinds, nil)
	for k := range kinds {
		v.write(table.RawRowView(k), []uint8{uint8(k)})
		for other := range k {
			var d mat.VecDense
			d.SubVec(table.RowView(k), table.RowView(other))
			require.InDelta(t, math.Sqrt2*v.scale, mat.Norm(&d, 2), 1e-12)
		}
	}
}

func TestTheNearestVectorIsFound(t *testing.T) {
	v, rng := vectorsOf(start(t)), rand.New(rand.NewPCG(1, 1))
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfN(rapid.Uint8Range(0, uint8(kinds-1)), 1, 9).Draw(t, "labels")
		x := make([]float64, len(labels)*kinds)
		v.write(x, labels)
		require.Equal(t, labels, v.nearest(x))
		for i := range x {
			x[i] += 3 * rng.NormFloat64()
		}
		for i, k := range v.nearest(x) {
			distance := func(k uint8) (d float64) {
				e := make([]float64, kinds)
				v.write(e, []uint8{k})
				for j := range e {
					d += (x[i*kinds+j] - e[j]) * (x[i*kinds+j] - e[j])
				}
				return d
			}
			for other := range uint8(kinds) {
				require.LessOrEqual(t, distance(k), distance(other)+1e-9)
			}
		}
	})
}

// silent is a model whose network of logits says nothing of other positions: it is
// that of independent symbols, which have an exact answer.
func silent(t *testing.T, c corpus, window int) *diffusion {
	v := vectorsOf(c)
	nothing := nn.Pointwise{Size: []int{window}, Body: nn.Linear{Out: kinds, Init: nn.Zeros{}}}
	m, err := score.New(window*kinds, &score.Config{Net: chooser{v, window, nothing}})
	require.NoError(t, err)
	return &diffusion{v, m.Float64(), small(t)}
}

func TestAChooserThatKnowsNothingElseIsBayesRule(t *testing.T) {
	d, rng := silent(t, start(t), 2), rand.New(rand.NewPCG(1, 1))
	x, s, e := mat.NewDense(1, 2*kinds, nil), mat.NewDense(1, 2*kinds, nil), make([]float64, kinds)
	for _, σ := range []float64{0.1, 0.7, 2, 6, 50} {
		d.write(x.RawRowView(0), []uint8{5, 9})
		for j := range 2 * kinds {
			x.Set(0, j, x.At(0, j)+σ*rng.NormFloat64())
		}
		d.Problem().Score.Score(s, x, []float64{σ})
		for i := range 2 {
			mean, all := make([]float64, kinds), 0.0
			for k, often := range d.often {
				d.write(e, []uint8{uint8(k)})
				q := 0.0
				for j, v := range e {
					q += (x.At(0, i*kinds+j) - v) * (x.At(0, i*kinds+j) - v)
				}
				p := often * math.Exp(-(q-40*σ*σ)/(2*σ*σ)) // without underflow
				all += p
				for j, v := range e {
					mean[j] += p * v
				}
			}
			for j := range kinds {
				require.InDelta(t, mean[j]/all, x.At(0, i*kinds+j)+σ*σ*s.At(0, i*kinds+j), 1e-9, "σ = %v", σ)
			}
		}
	}
}

// Symbols that are independent cannot be told shorter than their entropy.
func TestTheBoundOfIndependentSymbolsIsTheirEntropy(t *testing.T) {
	c := start(t)
	d, entropy, rng := silent(t, c, 8), 0.0, rand.New(rand.NewPCG(1, 1))
	for _, p := range d.often {
		entropy -= p * math.Log2(p)
	}
	w := make([][]uint8, 800)
	for i := range w {
		for range 8 {
			w[i] = append(w[i], choose(d.often, rng))
		}
	}
	require.InDelta(t, entropy, d.bits(w, 1), 0.1)
}

func TestCrossEntropyIsMinusTheLogarithmsOfProbabilities(t *testing.T) {
	const window = 3
	v, rng := vectorsOf(start(t)), rand.New(rand.NewPCG(2, 1))
	labels, x0, mean := []uint8{4, 0, 31}, make([]float64, window*kinds), make([]float64, window*kinds)
	v.write(x0, labels)
	want := 0.0
	for i, k := range labels {
		p, all := make([]float64, kinds), 0.0
		for j := range p {
			p[j] = rng.ExpFloat64()
			all += p[j]
		}
		want -= math.Log(p[k]/all + leastShare)
		for j := range p {
			mean[i*kinds+j] = v.scale * (p[j]/all - v.often[j])
		}
	}
	clean, denoised := ad.Input("x0", window*kinds), ad.Input("d", window*kinds)
	loss := crossEntropy{v, window}.Loss(nil, score.Fields{Denoise: func(*ad.Expr) *ad.Expr { return denoised }}, score.Batch{X0: clean})
	got := ad.Eval([]*ad.Expr{loss}, 1, nil, nil, map[*ad.Expr][]float64{clean: x0, denoised: mean})
	require.InDelta(t, want, got[0][0], 1e-12)
}

func TestFitLeavesTheVectorsAsTheyAre(t *testing.T) {
	c, j := start(t), small(t)
	d, err := j.diffuse(context.Background(), io.Discard, c, false)
	require.NoError(t, err)
	for i, scale := range d.Frame().Scale {
		require.Equal(t, []float64{1, 0}, []float64{scale, d.Frame().Shift[i]})
	}
}
