package simulator_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/calibration"
	"github.com/gradlogp/gradlogp/dataset/simulator"
)

// Reference puts the draws of its four populations into rows by turns.
const groups, draws = 8, 4096

// BenchmarkReferences measures the table in the package's comment, a row a task, logs the
// calibration of each quantity, and fails where it is refuted.
func BenchmarkReferences(b *testing.B) {
	for _, c := range []struct {
		name         string
		task         simulator.Task
		observations int
		here         func(x []float64, seed uint64) bool
	}{
		{"bernoulli_glm", simulator.NewBernoulliGLM(), 200, always},
		{"sir", simulator.SIR{}, 25, always},
		{"lotka_volterra", simulator.LotkaVolterra{}, 6, always},
		{"slcp", simulator.SLCP{}, 50, func(x []float64, seed uint64) bool { return !simulator.EasySLCP(x, seed) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				measureReferences(b, c.task, c.observations, c.here)
			}
		})
	}
}

func always([]float64, uint64) bool { return true }

// measureReferences tests the draws given n observations that are to be tempered, by
// simulation-based calibration, and says how many independent ones they are worth.
func measureReferences(b *testing.B, task simulator.Task, n int, here func(x []float64, seed uint64) bool) {
	d := task.Prior().Dim()
	const every = 41 // 100 members of a trial
	theta, x := mat.NewDense(n, d, nil), mat.NewDense(n, task.Dim(), nil)
	seeds := make([]uint64, n)
	seed := uint64(0)
	for i := range seeds {
		for {
			one, data, err := simulator.Observe(task, seed)
			require.NoError(b, err)
			if seed++; here(data, seed) {
				theta.SetRow(i, one)
				x.SetRow(i, data)
				seeds[i] = seed
				break
			}
		}
	}
	all := mat.NewDense(draws, d, nil)
	var between, columns, worst float64
	start := time.Now()
	trials, err := calibration.NewTrials(theta, x, draws/every, func(dst *mat.Dense, i int) error {
		if err := task.Reference(b.Context(), all, x.RawRowView(i), seeds[i]); err != nil {
			return err
		}
		for r := range draws / every {
			dst.SetRow(r, all.RawRowView(r*every))
		}
		for j := range d {
			v := betweenGroups(mat.Col(nil, j, all))
			between += v
			columns++
			worst = max(worst, v)
		}
		return nil
	})
	require.NoError(b, err)
	seconds := time.Since(start).Seconds()
	result, err := calibration.SBC(trials, append(trials.Products(), trials.Quantity("log p(x|θ)", func(theta, x []float64) float64 {
		return task.LogLikelihood(x, theta)
	})), nil)
	require.NoError(b, err)
	b.Log("\n", result)
	require.Greater(b, min(result.ChiSquaredP, result.ECDFP), 0.001)
	const size = draws / groups
	b.ReportMetric(result.ChiSquaredP, "P(χ²)")
	b.ReportMetric(result.ECDFP, "P(ECDF)")
	b.ReportMetric(draws*columns/between, "effective")
	b.ReportMetric(math.Sqrt((size-1+worst)/size), "R̂")
	b.ReportMetric(seconds/float64(n), "s/reference")
}

// betweenGroups returns the variance of the means of the ranks of a column in the halves of
// the populations over what it is for independent draws, 1 on average.
func betweenGroups(column []float64) float64 {
	order := make([]int, len(column))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case column[a] < column[b]:
			return -1
		case column[a] > column[b]:
			return 1
		}
		return 0
	})
	means := make([]float64, groups)
	size := float64(len(column) / groups)
	for rank, i := range order {
		means[i%groups] += float64(rank) / size
	}
	n := float64(len(column))
	return stat.Variance(means, nil) * size * 12 / (n * (n + 1))
}
