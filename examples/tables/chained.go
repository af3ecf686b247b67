package main

import (
	"context"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/boost"
	"github.com/gradlogp/gradlogp/dataset/table"
)

// column predicts draws of a column from the other cells of rows.
type column func(dst []float64, x *mat.Dense, rng *rand.Rand)

// fillChained fills by chained equations ("mice: Multivariate Imputation by Chained
// Equations in R", van Buuren and Groothuis-Oudshoorn 2011): each column has a
// regression on all others, fitted once to the rows that were learned from, and its
// holes get draws of it given the filling of the others, five times in turn.
func fillChained(fit func(train *table.Table, j int, seed uint64) (column, error)) func(context.Context, *job, *table.Table, *table.Table, uint64) ([]*table.Table, error) {
	return func(ctx context.Context, j *job, train, holes *table.Table, seed uint64) ([]*table.Table, error) {
		const sweeps = 5
		rng := rand.New(rand.NewPCG(seed, 13))
		// The regressions see a filled table; their targets are what is there.
		full := fromColumns(train, train, 1, rng)[0]
		columns := make([]column, len(train.Fields))
		for c := range columns {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var err error
			whole := &table.Table{Fields: train.Fields, Columns: append([][]float64(nil), full.Columns...)}
			whole.Columns[c] = train.Columns[c]
			if columns[c], err = fit(whole, c, seed); err != nil {
				return nil, err
			}
		}
		all := fromColumns(train, holes, j.draws, rng)
		draw := make([]float64, holes.Len())
		for _, t := range all {
			for range sweeps {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				for c := range columns {
					columns[c](draw, without(cells(t), c), rng)
					for i, v := range holes.Columns[c] {
						if math.IsNaN(v) {
							t.Columns[c][i] = draw[i]
						}
					}
				}
			}
		}
		return all, nil
	}
}

// without returns x without column j.
func without(x *mat.Dense, j int) *mat.Dense {
	n, d := x.Dims()
	y := mat.NewDense(n, d-1, nil)
	for i := range n {
		row := x.RawRowView(i)
		copy(y.RawRowView(i), row[:j])
		copy(y.RawRowView(i)[j:], row[j+1:])
	}
	return y
}

// treesColumn predicts by boosted trees: labels by their probabilities, numbers by the
// prediction and the error of a random row that the trees were not fitted to.
func treesColumn(train *table.Table, j int, _ uint64) (column, error) {
	x, y := apart(cells(train), j)
	if train.Fields[j].Kind.Discrete() {
		classes := make([]int, len(y))
		for i, v := range y {
			classes[i] = int(v)
		}
		m, err := boost.Classification(x, classes, len(train.Fields[j].Levels), nil)
		return func(dst []float64, x *mat.Dense, rng *rand.Rand) {
			p := mat.NewDense(len(dst), m.Classes(), nil)
			m.Probabilities(p, x)
			for i := range dst {
				dst[i] = drawLabel(p.RawRowView(i), rng)
			}
		}, err
	}
	bins := boost.Bin(x)
	var errors []float64
	for fold := range 2 {
		var in []int
		for i := range y {
			if i%2 != fold {
				in = append(in, i)
			}
		}
		m, err := bins.Regression(in, y, nil)
		if err != nil {
			return nil, err
		}
		guess := make([]float64, len(y))
		m.Predict(guess, x)
		for i := fold; i < len(y); i += 2 {
			errors = append(errors, y[i]-guess[i])
		}
	}
	m, err := bins.Regression(nil, y, nil)
	return func(dst []float64, x *mat.Dense, rng *rand.Rand) {
		m.Predict(dst, x)
		for i := range dst {
			dst[i] += errors[rng.IntN(len(errors))]
		}
	}, err
}

func drawLabel(p []float64, rng *rand.Rand) float64 {
	u := rng.Float64()
	for k, v := range p {
		if u -= v; u < 0 {
			return float64(k)
		}
	}
	return float64(len(p) - 1)
}

// ridgeColumn predicts by ridge regression with the labels of the other columns as
// indicators: numbers by a normal distribution of the residuals' deviation, labels by
// the regressions of their indicators, cut to [0, 1].
func ridgeColumn(train *table.Table, j int, _ uint64) (column, error) {
	rule := newRuler(train)
	frame := &ruler{}
	for k := range train.Fields {
		if k != j {
			frame.fields = append(frame.fields, train.Fields[k])
			frame.mean, frame.dev = append(frame.mean, rule.mean[k]), append(frame.dev, rule.dev[k])
		}
	}
	design := func(x *mat.Dense) *mat.Dense {
		n, d := x.Dims()
		t := &table.Table{Fields: frame.fields}
		for c := range d {
			t.Columns = append(t.Columns, mat.Col(nil, c, x))
		}
		rows := frame.rows(t)
		_, k := rows.Dims()
		ones := mat.NewDense(n, 1, nil)
		for i := range n {
			ones.Set(i, 0, 1)
		}
		y := mat.NewDense(n, k+1, nil)
		y.Augment(ones, rows)
		return y
	}
	others, y := apart(cells(train), j)
	x := design(others)
	n, d := x.Dims()
	levels := 1
	if train.Fields[j].Kind.Discrete() {
		levels = len(train.Fields[j].Levels)
	}
	targets := mat.NewDense(n, levels, nil)
	for i, v := range y {
		if train.Fields[j].Kind.Discrete() {
			targets.Set(i, int(v), 1)
		} else {
			targets.Set(i, 0, (v-rule.mean[j])/rule.dev[j])
		}
	}
	var gram mat.SymDense
	gram.SymOuterK(1, x.T())
	for c := range d {
		gram.SetSym(c, c, gram.At(c, c)+1)
	}
	var chol mat.Cholesky
	chol.Factorize(&gram) // positive definite by the penalty
	var right, beta, fitted mat.Dense
	right.Mul(x.T(), targets)
	if err := chol.SolveTo(&beta, &right); err != nil {
		if _, ill := err.(mat.Condition); !ill {
			return nil, err
		}
	}
	fitted.Mul(x, &beta)
	var loss float64
	for i := range n {
		e := targets.At(i, 0) - fitted.At(i, 0)
		loss += e * e
	}
	sd := math.Sqrt(loss / float64(max(n-d, 1)))
	if sd > 1 {
		sd = stat.StdDev(mat.Col(nil, 0, targets), nil)
	}
	return func(dst []float64, x *mat.Dense, rng *rand.Rand) {
		var p mat.Dense
		p.Mul(design(x), &beta)
		for i := range dst {
			if levels == 1 {
				dst[i] = rule.mean[j] + rule.dev[j]*(p.At(i, 0)+sd*rng.NormFloat64())
				continue
			}
			row := p.RawRowView(i)
			var sum float64
			for k, v := range row {
				row[k] = min(1, max(1e-3, v))
				sum += row[k]
			}
			for k := range row {
				row[k] /= sum
			}
			dst[i] = drawLabel(row, rng)
		}
	}, nil
}
