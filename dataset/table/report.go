package table

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/boost"
	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// ReportSettings are the settings of NewReport. The zero value, like nil, means the
// defaults.
type ReportSettings struct {
	// Seed decides folds, shuffles, and the rows looked at where not all are.
	Seed uint64
	// Targets are the columns that are predicted from the others to measure utility.
	// Nil is the last column of numbers that has several, or, when there is none, of
	// levels.
	Targets []string
	// Rules are what all rows should obey.
	Rules []Rule
	// TreeRows is how many rows of a table trees are fitted to. 0 is 20,000, and fewer
	// where there are more than 50 columns.
	TreeRows int
	// NeighbourRows is how many rows of a table are compared by nearest neighbours. The
	// work is quadratic in it. 0 is 3,000, and fewer in more than 64 coordinates.
	NeighbourRows int
	// Trees are the settings of all trees.
	Trees *boost.Settings
}

// Report compares a synthetic table with the one that it was made from. The
// package's documentation defines its measures. In JSON it has its fields by their
// names, and null for what is not defined, NaN.
type Report struct {
	// Train, Synthetic and HeldOut are the numbers of rows, HeldOut 0 without such.
	Train, Synthetic, HeldOut int
	Columns                   []ColumnReport
	// Pairs are the pairs of columns, the one with the largest error first.
	Pairs []PairReport
	// Scores are those of the synthetic rows, of Independent ones, and of the held-out
	// rows when there are any. Only beside the last two do the first say anything.
	Scores  []Scores
	Utility []UtilityReport
	// Rules are the texts of the rules that Scores counts the violations of.
	Rules []string
	// Notes say how the report was made, where there was a choice, and what it lacks.
	Notes []string
}

// Scores are the measures of a table's rows against the rows trained on.
type Scores struct {
	Name string
	Rows int
	// Columns is the mean over the columns of their KS or total variation, Missing that
	// of the difference of the shares of missing cells, and Pairs that of the errors of
	// twosample.PairErrors. They have no standard error: what is due to chance shows in
	// the held-out rows.
	Columns, Missing, Pairs twosample.Estimate
	// C2ST tells the rows from those trained on, C2STHeldOut from those held out.
	C2ST, C2STHeldOut twosample.C2STResult
	// PRDC is precision, recall, density and coverage by 5 nearest neighbours.
	twosample.PRDC
	// Membership is the attack on the rows trained on. NearestTrain is the share of
	// the rows that are nearer to a row trained on than to any of as many held out.
	Membership   twosample.Membership
	NearestTrain twosample.Estimate
	// Copies is the share of the rows that are equal, in all cells, to one trained on.
	Copies twosample.Estimate
	// Violations are the shares of rows that break each of Rules.
	Violations []twosample.Estimate
}

// Independent is the name of the rows whose columns are those trained on, each
// shuffled for itself.
const Independent = "independent columns"

// independentRow is the index of their Scores.
const independentRow = 1

// neighbours is the k of nearest-neighbour measures.
const neighbours = 5

// NewReport compares synthetic rows with the rows of training that they were made
// from, and with heldOut, rows of the same kind that the model has not seen; nil
// when there are none: privacy then has no measure. Columns are found by the names
// of those of train, levels by their texts. Identifiers are left out.
//
// Errors wrap ErrShape for a table without rows or columns, ErrName for a column or
// a target that is missing, ErrKind for one that is of levels here and of numbers
// there, ErrNonFinite for an infinite cell, and ErrRange for a cell that is no level
// and for settings.
func NewReport(train, synthetic, heldOut *Table, s *ReportSettings) (*Report, error) {
	r, err := newReporter(train, synthetic, heldOut, s)
	if err != nil {
		return nil, fmt.Errorf("table: NewReport: %w", err)
	}
	for _, score := range []func() error{r.compare, r.scores, r.utility} {
		if err := score(); err != nil {
			return nil, fmt.Errorf("table: NewReport: %w", err)
		}
	}
	return r.report, nil
}

// reporter is a report in the making.
type reporter struct {
	ReportSettings
	report   *Report
	fields   []Field
	place    []int // of each field among those of train
	width    int   // the number of those
	category []bool
	train    *mat.Dense
	// others are the synthetic rows, independent columns, and held-out rows if any.
	others  []*mat.Dense
	names   []string
	heldOut *mat.Dense // nil when there are none
	space   *space
}

func newReporter(train, synthetic, heldOut *Table, s *ReportSettings) (*reporter, error) {
	r := &reporter{report: &Report{}}
	if s != nil {
		r.ReportSettings = *s
	}
	if r.TreeRows < 0 || r.NeighbourRows < 0 {
		return nil, fmt.Errorf("ReportSettings: TreeRows is %d and NeighbourRows %d, want both at least 1, or 0 for the defaults: %w", r.TreeRows, r.NeighbourRows, ErrRange)
	}
	tables := []*Table{train, synthetic}
	if heldOut != nil && heldOut.Len() > 0 {
		tables = append(tables, heldOut)
	}
	fields, rows, err := align(tables, []string{"train", "synthetic", "heldOut"})
	if err != nil {
		return nil, err
	}
	r.fields, r.train, r.width = fields, rows[0], len(train.Fields)
	for _, f := range fields {
		r.category = append(r.category, f.Kind.Discrete())
		r.place = append(r.place, train.Index(f.Name))
	}
	r.others = []*mat.Dense{rows[1], shuffle(rows[0], r.Seed)}
	r.names = []string{"synthetic", Independent}
	r.report.Train, r.report.Synthetic = train.Len(), synthetic.Len()
	if len(rows) == 3 {
		r.heldOut = rows[2]
		r.others, r.names = append(r.others, r.heldOut), append(r.names, "real, held out")
		r.report.HeldOut = heldOut.Len()
	} else {
		r.note("No rows were held out: what real rows would score is not known, and privacy has no measure.")
	}
	r.space = newSpace(r.fields, r.train, r.others)
	if r.TreeRows == 0 {
		r.TreeRows = max(2000, 20000*50/max(50, len(fields)))
	}
	if r.NeighbourRows == 0 {
		r.NeighbourRows = max(500, int(3000*8/math.Sqrt(float64(max(64, r.space.dim)))))
	}
	return r, nil
}

func (r *reporter) note(format string, args ...any) {
	r.report.Notes = append(r.report.Notes, fmt.Sprintf(format, args...))
}

// scores measures all kinds of rows.
func (r *reporter) scores() error {
	n := r.train.RawMatrix().Rows
	if n > r.TreeRows {
		r.note("Trees are fitted to %d rows at most.", r.TreeRows)
	}
	for i, x := range r.others {
		sc := &r.report.Scores[i]
		var err error
		if sc.C2ST, err = r.c2st(r.train, x); err != nil {
			return err
		}
		sc.C2STHeldOut = noC2ST
		if r.heldOut != nil && x != r.heldOut {
			if sc.C2STHeldOut, err = r.c2st(r.heldOut, x); err != nil {
				return err
			}
		}
	}
	if r.report.Scores[0].C2ST.High < 0.5 {
		r.note("The trees are wrong about more than half of the rows: synthetic rows are copies of rows trained on, or nearly so.")
	}
	r.neighbourhoods()
	r.copies()
	r.privacy()
	return r.violations()
}

var (
	none   = twosample.Estimate{Value: math.NaN(), SE: math.NaN()}
	noC2ST = twosample.C2STResult{Accuracy: none.Value, Low: none.Value, High: none.Value, AUC: none, Detection: none.Value}
)

func (r *reporter) c2st(x, y *mat.Dense) (twosample.C2STResult, error) {
	return twosample.C2ST(some(x, r.TreeRows, r.Seed), some(y, r.TreeRows, r.Seed+1), &twosample.C2STSettings{Seed: r.Seed, Trees: r.Trees})
}

// neighbourhoods compares equally many rows of each kind by their neighbours.
func (r *reporter) neighbourhoods() {
	x := some(r.train, r.NeighbourRows, r.Seed)
	n, m := x.RawMatrix().Rows, r.NeighbourRows
	for _, y := range r.others {
		m = min(m, y.RawMatrix().Rows)
	}
	if n < r.train.RawMatrix().Rows || m < r.report.Synthetic {
		r.note("Neighbours are those of %d rows trained on and %d of each other kind.", n, m)
	}
	data := r.space.embed(x)
	for i, y := range r.others {
		sc := &r.report.Scores[i]
		sc.PRDC = twosample.PRDC{Precision: none, Recall: none, Density: none, Coverage: none}
		if k := min(neighbours, n-1, m-1); k > 0 {
			sc.PRDC = twosample.NewPRDC(data, r.space.embed(some(y, m, r.Seed+1)), k)
		}
	}
}

// violations counts the rows that break rules.
func (r *reporter) violations() error {
	for _, rule := range r.Rules {
		if rule == nil {
			return fmt.Errorf("Settings.Rules: a rule is nil: %w", ErrRange)
		}
		if err := rule.check(); err != nil {
			return fmt.Errorf("Settings.Rules: %w", err)
		}
		at, err := r.columnsOf(rule)
		if err != nil {
			return err
		}
		r.report.Rules = append(r.report.Rules, rule.String())
		for i, x := range r.others {
			sc := &r.report.Scores[i]
			sc.Violations = append(sc.Violations, proportion(float64(len(r.cells(x).breaking(rule, at))), sc.Rows))
		}
	}
	return nil
}

// columnsOf returns the places of the columns of a rule in rows of cells.
func (r *reporter) columnsOf(rule Rule) (at []int, err error) {
	for _, name := range rule.columns() {
		j := (&Table{Fields: r.fields}).Index(name)
		if j < 0 {
			return nil, fmt.Errorf("Settings.Rules: %v: column %s: %w", rule, shown(name), ErrName)
		}
		if r.category[j] {
			return nil, fmt.Errorf("Settings.Rules: %v: column %s is %v, want numbers: %w", rule, shown(name), r.fields[j].Kind, ErrRange)
		}
		at = append(at, r.place[j])
	}
	return at, nil
}

// cells returns rows with a cell for every field of the table trained on.
func (r *reporter) cells(x *mat.Dense) *rowCells {
	n, _ := x.Dims()
	c := &rowCells{n: n, d: r.width, data: slices.Repeat([]float64{noCell}, n*r.width)}
	for i := range n {
		for j, at := range r.place {
			c.row(i)[at] = x.At(i, j)
		}
	}
	return c
}

// proportion returns the share of n that count is, with its error.
func proportion(count float64, n int) twosample.Estimate {
	p := count / float64(n)
	return twosample.Estimate{Value: p, SE: math.Sqrt(p * (1 - p) / float64(n))}
}

// some returns at most this many rows of x, drawn without replacement, in a random
// order: those of a file may be sorted.
func some(x *mat.Dense, most int, seed uint64) *mat.Dense {
	n, d := x.Dims()
	most = min(most, n)
	y := mat.NewDense(most, d, nil)
	for i, j := range rand.New(rand.NewPCG(seed, 1)).Perm(n)[:most] {
		y.SetRow(i, x.RawRowView(j))
	}
	return y
}

// shuffle returns the columns of x, each in an order of its own.
func shuffle(x *mat.Dense, seed uint64) *mat.Dense {
	n, d := x.Dims()
	y := mat.NewDense(n, d, nil)
	for j := range d {
		for i, k := range rand.New(rand.NewPCG(seed, uint64(j)+2)).Perm(n) {
			y.Set(i, j, x.At(k, j))
		}
	}
	return y
}
