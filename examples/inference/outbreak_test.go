package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// hamlet is an outbreak that tests have the time for.
var hamlet = outbreak{people: 12, infectious: 2, days: 14, least: 3}

// The probabilities of all records sum to 1, and are the shares of simulations.
func TestLikelihoodIsThatOfTheSimulator(t *testing.T) {
	o, theta := outbreak{people: 5, infectious: 2, days: 2}, []float64{2, 1.5, 0.6}
	const n = 40_000
	shares, x, rng := map[[2]int]float64{}, make([]float64, o.days), rand.New(rand.NewPCG(1, 2))
	for range n {
		require.NoError(t, o.Simulate(x, theta, rng))
		shares[[2]int{int(x[0]), int(x[1])}] += 1. / n
	}
	sum := 0.
	for a := range 6 {
		for b := range 6 {
			p := math.Exp(o.logLikelihood([]float64{float64(a), float64(b)}, theta, math.Inf(-1)))
			sum += p
			require.InDelta(t, p, shares[[2]int{a, b}], 5*math.Sqrt(p/n)+1e-12, "%d, %d", a, b)
		}
	}
	require.InDelta(t, 1, sum, 1e-6)
}

// The integral is that of importance sampling from the prior.
func TestExactPosteriorIsThatOfWeightedPriorDraws(t *testing.T) {
	x, rng := make([]float64, hamlet.days), rand.New(rand.NewPCG(3, 4))
	for hamlet.Simulate(x, truth, rng) != nil {
	}
	e, err := hamlet.integrate(t.Context(), x, hamlet.logLikelihood(x, truth, math.Inf(-1))+leastLog, 14, 0)
	require.NoError(t, err)
	const n = 3000
	theta, w := mat.NewDense(n, parameters, nil), make([]float64, n)
	for i := range n {
		prior.Sample(theta.RawRowView(i), rng)
		w[i] = math.Exp(hamlet.logLikelihood(x, theta.RawRowView(i), math.Inf(-1)) - e.logEvidence)
	}
	require.InDelta(t, 1, stat.Mean(w, nil), 0.08)
	draws := e.draws(n, rng)
	for j := range parameters {
		mean, deviation := e.moments(j)
		weighed, spread := stat.MeanStdDev(mat.Col(nil, j, theta), w)
		require.InDelta(t, weighed, mean, 0.15*deviation)
		require.InDelta(t, spread, deviation, 0.15*deviation)
		drawn, width := stat.MeanStdDev(mat.Col(nil, j, draws), nil)
		require.InDelta(t, mean, drawn, 0.15*deviation)
		require.InDelta(t, deviation, width, 0.15*deviation)
	}
	best, err := e.best()
	require.NoError(t, err)
	for i := range n {
		require.LessOrEqual(t, e.logDensity(theta.RawRowView(i)), e.logDensity(best)+1e-6)
	}
}

func TestNobodyIsInfectedTwice(t *testing.T) {
	o := outbreak{people: 100, infectious: 2, days: 200}
	x := make([]float64, o.days)
	require.NoError(t, o.Simulate(x, []float64{5, 10, 1}, rand.New(rand.NewPCG(1, 2))))
	sum := 0.
	for _, v := range x {
		sum += v
	}
	require.InDelta(t, 98, sum, 1)
	o.least = 99
	require.ErrorContains(t, o.Simulate(x, []float64{5, 10, 1}, rand.New(rand.NewPCG(1, 2))), "no record")
}
