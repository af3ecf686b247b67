package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/boost"
	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// UtilityReport tells how well trees that were fitted to rows predict a column of
// real ones from the others.
type UtilityReport struct {
	Target string
	// Measure is "R²" of numbers, and "accuracy" of levels, of which all but the 19
	// commonest count as one.
	Measure string
	// Real is that of trees fitted to the rows trained on, Synthetic and Independent
	// that of trees fitted to such rows. All are asked about the same held-out rows; or,
	// when there are none, about the rows trained on, Real being cross-validated then.
	Real, Synthetic, Independent twosample.Estimate
}

func (r *reporter) utility() error {
	targets := r.Targets
	if targets == nil {
		if j := r.target(); j >= 0 {
			targets = []string{r.fields[j].Name}
		}
	}
	if r.heldOut == nil && len(targets) > 0 {
		r.note("Utility is measured on the rows trained on, by cross-validation for real rows: copies of them would look useful.")
	}
	for _, name := range targets {
		all := &Table{Fields: r.fields}
		j := all.Index(name)
		if j < 0 {
			return fmt.Errorf("Settings.Targets: column %s, want one of %s: %w", shown(name), list(all.names()), ErrName)
		}
		u, err := r.predict(j)
		if err != nil {
			return err
		}
		r.report.Utility = append(r.report.Utility, u)
	}
	return nil
}

// target returns the column that is predicted by default, −1 when none has several
// values.
func (r *reporter) target() int {
	if len(r.fields) < 2 {
		return -1
	}
	best := -1
	for j := range r.fields {
		there := slices.DeleteFunc(mat.Col(nil, j, r.train), math.IsNaN)
		if len(there) > 0 && slices.Min(there) < slices.Max(there) && (best < 0 || r.category[best] || !r.category[j]) {
			best = j
		}
	}
	return best
}

// task is a column to be predicted from the others.
type task struct {
	target  int
	classes []int // of levels: the class of each; nil of numbers
	trees   *boost.Settings
}

// mostClasses bounds the time of trees: each class has its own.
const mostClasses = 20

func (r *reporter) predict(j int) (UtilityReport, error) {
	u := UtilityReport{Target: r.fields[j].Name, Measure: "R²"}
	t := task{target: j, trees: r.Trees}
	if r.category[j] {
		u.Measure = "accuracy"
		t.classes, _ = commonest(slices.DeleteFunc(mat.Col(nil, j, r.train), math.IsNaN), len(r.fields[j].Levels))
		for k, c := range t.classes {
			t.classes[k] = min(c, mostClasses-1)
		}
	}
	train, test := some(r.train, r.TreeRows, r.Seed), r.heldOut
	if test == nil {
		test = train
	}
	for i, from := range []*mat.Dense{nil, r.others[0], r.others[1]} {
		to := []*twosample.Estimate{&u.Real, &u.Synthetic, &u.Independent}[i]
		var err error
		switch {
		case i == 0 && r.heldOut == nil:
			*to, err = t.crossValidate(train, r.Seed)
		case i == 0:
			*to, err = t.score(train, test)
		default:
			*to, err = t.score(some(from, r.TreeRows, r.Seed), test)
		}
		if err != nil {
			return u, err
		}
	}
	return u, nil
}

// score fits trees to the rows of from and asks about those of to.
func (t task) score(from, to *mat.Dense) (twosample.Estimate, error) {
	x, y := t.split(from)
	asked, truth := t.split(to)
	if len(y) < 1 || len(truth) < 2 || x.RawMatrix().Cols == 0 {
		return none, nil
	}
	answers, err := t.answer(x, y, asked)
	if err != nil {
		return none, err
	}
	return t.rate(answers, truth), nil
}

// crossValidate does so in five folds of the same rows.
func (t task) crossValidate(rows *mat.Dense, seed uint64) (twosample.Estimate, error) {
	const folds = 5
	x, y := t.split(rows)
	if len(y) < 2 || x.RawMatrix().Cols == 0 {
		return none, nil
	}
	k := min(folds, len(y))
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(y))
	answers := make([]float64, len(y))
	for f := range k {
		var in, out []int
		for i, row := range order {
			if i%k == f {
				out = append(out, row)
			} else {
				in = append(in, row)
			}
		}
		some, of := pick(x, y, in)
		asked, _ := pick(x, y, out)
		got, err := t.answer(some, of, asked)
		if err != nil {
			return none, err
		}
		for i, row := range out {
			answers[row] = got[i]
		}
	}
	return t.rate(answers, y), nil
}

func pick(x *mat.Dense, y []float64, rows []int) (*mat.Dense, []float64) {
	some, of := mat.NewDense(len(rows), x.RawMatrix().Cols, nil), make([]float64, len(rows))
	for i, row := range rows {
		some.SetRow(i, x.RawRowView(row))
		of[i] = y[row]
	}
	return some, of
}

// split returns the other columns of the rows that have a target, and the targets or
// their classes.
func (t task) split(rows *mat.Dense) (*mat.Dense, []float64) {
	n, d := rows.Dims()
	var data, y []float64
	for i := range n {
		row := rows.RawRowView(i)
		v := row[t.target]
		if v != v {
			continue
		}
		if t.classes != nil {
			v = float64(t.classes[int(v)])
		}
		y = append(y, v)
		data = append(append(data, row[:t.target]...), row[t.target+1:]...)
	}
	if len(y) == 0 || d < 2 {
		return &mat.Dense{}, y
	}
	return mat.NewDense(len(y), d-1, data), y
}

// answer returns what trees fitted to x and y say of other rows.
func (t task) answer(x *mat.Dense, y []float64, asked *mat.Dense) ([]float64, error) {
	n, _ := asked.Dims()
	answers := make([]float64, n)
	if t.classes == nil {
		m, err := boost.Regression(x, y, t.trees)
		if err != nil {
			return nil, fmt.Errorf("Settings.Trees: %w", err)
		}
		m.Predict(answers, asked)
		return answers, nil
	}
	labels := make([]int, len(y))
	for i, c := range y {
		labels[i] = int(c)
	}
	m, err := boost.Classification(x, labels, mostClasses, t.trees)
	if err != nil {
		return nil, fmt.Errorf("Settings.Trees: %w", err)
	}
	p := mat.NewDense(n, mostClasses, nil)
	m.Probabilities(p, asked)
	for i := range answers {
		best := 0
		for c, v := range p.RawRowView(i) {
			if v > p.At(i, best) {
				best = c
			}
		}
		answers[i] = float64(best)
	}
	return answers, nil
}

// rate returns the accuracy of answers, or R² = 1 − Σe²/Σ(y − ȳ)² with the error of
// a ratio of means.
func (t task) rate(answers, truth []float64) twosample.Estimate {
	if t.classes != nil {
		var right float64
		for i, y := range truth {
			if answers[i] == y {
				right++
			}
		}
		return proportion(right, len(truth))
	}
	answers, truth = slices.Clone(answers), slices.Clone(truth)
	downscale(answers, truth)
	centre := stat.Mean(truth, nil)
	var lost, total float64
	for i, y := range truth {
		lost += (y - answers[i]) * (y - answers[i])
		total += (y - centre) * (y - centre)
	}
	if !(total > 0) {
		return none
	}
	share := lost / total
	var square float64
	for i, y := range truth {
		gap := (y-answers[i])*(y-answers[i]) - share*(y-centre)*(y-centre)
		square += gap * gap
	}
	return twosample.Estimate{Value: 1 - share, SE: math.Sqrt(square) / total}
}
