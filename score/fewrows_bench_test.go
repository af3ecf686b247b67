package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/sampler"
)

// correlated is a mixture of k normals in d columns with full covariances.
func correlated(b *testing.B, k, d int, seed uint64, src rand.Source) *dataset.Mixture {
	rng := rand.New(rand.NewPCG(seed, uint64(d)))
	weights, means, covs := make([]float64, k), mat.NewDense(k, d, nil), make([]*mat.SymDense, k)
	for i := range k {
		weights[i] = 0.5 + rng.Float64()
		for j := range d {
			means.Set(i, j, 0.8*rng.NormFloat64())
		}
		a := mat.NewDense(d, d, nil)
		a.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, a)
		covs[i] = mat.NewSymDense(d, nil)
		std := 0.3 + 0.1*float64(i%4)
		covs[i].SymOuterK(std*std/float64(d), a)
		for j := range d {
			covs[i].SetSym(j, j, covs[i].At(j, j)+0.01)
		}
	}
	law, err := dataset.NewMixture(weights, means, covs, src)
	require.NoError(b, err)
	return law
}

// bent has columns that are normal given those before, with curved means and deviations
// that vary.
type bent struct{ a, b *mat.Dense }

func newBent(d int, seed uint64) bent {
	rng := rand.New(rand.NewPCG(seed, 77+uint64(d)))
	c := bent{mat.NewDense(d, d, nil), mat.NewDense(d, d, nil)}
	for j := range d {
		for k := range j {
			scale := 2 / math.Sqrt(float64(j))
			c.a.Set(j, k, scale*rng.NormFloat64())
			c.b.Set(j, k, scale*rng.NormFloat64())
		}
	}
	return c
}

// given returns mean and deviation of column j given those before.
func (c bent) given(x []float64, j int) (mean, deviation float64) {
	if j == 0 {
		return 0, 1
	}
	u, v := 0.0, 0.0
	for k := range j {
		u += c.a.At(j, k) * x[k]
		v += c.b.At(j, k) * x[k]
	}
	return 0.9*math.Tanh(u) + 0.6*math.Sin(v), 0.15 + 0.35/(1+math.Exp(-v))
}

func (c bent) rows(n int, src rand.Source) *mat.Dense {
	rng := rand.New(src)
	d, _ := c.a.Dims()
	x := mat.NewDense(n, d, nil)
	for i := range n {
		row := x.RawRowView(i)
		for j := range row {
			mean, deviation := c.given(row, j)
			row[j] = mean + deviation*rng.NormFloat64()
		}
	}
	return x
}

func (c bent) logProb(x []float64) (p float64) {
	for j := range x {
		mean, deviation := c.given(x, j)
		z := (x[j] - mean) / deviation
		p -= z*z/2 + math.Log(deviation) + math.Log(2*math.Pi)/2
	}
	return p
}

// BenchmarkFewRows learns tables of eight columns by the recipe, by a network with a norm
// and SOAP, with the recipe's Steps, Times and Regularize: the reason why few rows of more
// than three columns are left to Adam, and by the recipe once more with all rows
// (Result.Again). nats is the KLBound of the mixture, and of the bent
// columns the divergence of the probability flow.
func BenchmarkFewRows(b *testing.B) {
	const d = 8
	for _, law := range []string{"mixture", "bent"} {
		for _, n := range []int{300, 1000} {
			for _, way := range []string{"recipe", "soap", "again"} {
				b.Run(fmt.Sprintf("%s/rows=%d/%s", law, n, way), func(b *testing.B) {
					for range b.N {
						nats := 0.0
						for seed := uint64(1); seed <= 2; seed++ {
							nats += fewRows(b, law, n, d, seed, way) / 2
						}
						b.ReportMetric(nats, "nats")
					}
				})
			}
		}
	}
}

// fewRows returns how far a model of n rows is from the law.
func fewRows(b *testing.B, law string, n, d int, seed uint64, way string) float64 {
	r := Recommend(n, d, nil)
	if way == "soap" {
		net := nn.RecipeMLP(d, r.Net.(nn.MLP).Hidden[0])
		net.Features, r.Net = nil, net
	}
	normals, columns := correlated(b, 4, d, seed, rand.NewPCG(seed, 4)), newBent(d, seed)
	rows, test := dataset.Sample(normals, n), dataset.Sample(correlated(b, 4, d, seed, rand.NewPCG(seed, 9)), 1200)
	if law == "bent" {
		rows, test = columns.rows(n, rand.NewPCG(seed, 4)), columns.rows(300, rand.NewPCG(seed, 9))
	}
	data, err := Rows(rows, nil)
	require.NoError(b, err)
	fit := func(s *Settings) (*Model, *Result) {
		m, err := New(d, &Config{Net: r.Net, Seed: seed})
		require.NoError(b, err)
		result, err := Fit(background, m, data, s)
		require.NoError(b, err)
		return m, result
	}
	s := &Settings{Steps: r.Steps, Regularize: r.Regularize, Scaling: CommonScale, Seed: seed}
	m, result := fit(s)
	if way == "again" {
		s, err = result.Again(s)
		require.NoError(b, err)
		m, _ = fit(s)
	}
	if law == "mixture" {
		bound, err := KLBound(m, test, normals.Diffuse, 0)
		require.NoError(b, err)
		return bound
	}
	gap := make([]float64, 300)
	_, err = sampler.LogProb(background, gap, test, m.Problem(), nil)
	require.NoError(b, err)
	for i := range gap {
		gap[i] = columns.logProb(test.RawRowView(i)) - gap[i]
	}
	return stat.Mean(gap, nil)
}
