package main

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
)

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	out, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		j := &job{}
		require.NoError(t, command.Parse("posterior", j, []string{"-columns", "2", "-n", "10", "-observations", "1", "-workers", workers}))
		return j, nil
	})
	for _, want := range []string{
		`(?m)^± 0.01, at σ/α =( +[\d.]+){7}$`, `(?m)^MMPS, 3 it\.( +\d\.\d{3}){7}$`, `(?m)^ΠGDM( +\S+){7}$`,
		`(?m)^2 columns, \|x₁\| ± 0\.1( +\S+){11}$`, `(?m)^times farther than exact draws +1\.000( +\S+){10}$`,
	} {
		require.Regexp(t, regexp.MustCompile(want), out)
	}
	require.Equal(t, 2*len(kinds()), strings.Count(out, "2 columns, "))
}

// ∇ log p(x | y) = ∇ log p(x) + ∇ log p(y | x).
func TestTruthIsThePosterior(t *testing.T) {
	for _, d := range []int{2, 12} {
		prior := newPrior(d, 1)
		for _, k := range kinds() {
			r := rand.New(rand.NewPCG(1, 2))
			o, truth, err := k.observe(prior, r)
			require.NoError(t, err)
			x := truth.draw(5)
			_, m := o.Operator.Dims()
			seen, pull, s := mat.NewDense(5, m, nil), mat.NewDense(5, d, nil), mat.NewDense(5, d, nil)
			o.Operator.Apply(seen, x)
			seen.Apply(func(_, c int, v float64) float64 { return (o.Y.At(0, c) - v) / (k.noise * k.noise) }, seen)
			o.Operator.VJP(pull, x, seen)
			density := noised{logW: truth.logW}
			for _, part := range truth.parts {
				density.parts = append(density.parts, part.Noised(1, 0))
			}
			for i := range 5 {
				density.ScoreInput(s.RawRowView(i), x.RawRowView(i))
				own := prior.ScoreInput(nil, x.RawRowView(i))
				for j, v := range own {
					want := v + pull.At(i, j)
					require.InDelta(t, want, s.At(i, j), 1e-5*(1+math.Abs(want)+math.Abs(v)), "%s ± %g of %d columns", k.name, k.noise, d)
				}
			}
		}
	}
}

func TestPriorIsNearlyStandardised(t *testing.T) {
	for _, d := range []int{2, 8, 64} {
		prior := newPrior(d, 0)
		cov := mat.NewSymDense(d, nil)
		prior.Cov(cov)
		require.InDelta(t, .9, mat.Trace(cov)/float64(d), .5)
		require.Equal(t, d, dataset.Sample(prior, 2).RawMatrix().Cols)
	}
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-columns", "1"}, {"-columns", "-2"}, {"-n", "9"}, {"-observations", "0"}, {"-workers", "-1"}} {
		require.ErrorContains(t, command.Parse("posterior", &job{}, args), args[0]+" "+args[1])
	}
}
