package table

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/boost"
	"github.com/gradlogp/gradlogp/dataset/twosample"
)

// houses returns rows of all kinds: price follows from area and rooms but for
// noise, and is at least 10 times the area.
func houses(n int, seed uint64) *Table {
	rng := rand.New(rand.NewPCG(seed, 1))
	t := &Table{Fields: []Field{
		{Name: "id", Kind: Identifier},
		{Name: "area", Kind: Number, Step: 0.1},
		{Name: "rooms", Kind: Whole, Step: 1},
		{Name: "zone", Kind: Category, Levels: []string{"north", "south", "west"}},
		{Name: "state", Kind: Ordered, Levels: []string{"poor", "fair", "good"}},
		{Name: "garden", Kind: Boolean, Levels: []string{"no", "yes"}},
		{Name: "sold", Kind: Time, Step: 86400, Layout: "2006-01-02"},
		{Name: "country", Kind: Constant, Levels: []string{"x"}},
		{Name: "price", Kind: Number, Step: 0.01},
	}, Columns: make([][]float64, 9)}
	for range n {
		rooms := math.Floor(1 + 5*rng.Float64())
		area := math.Round(10*(20*rooms+10*rng.Float64())) / 10
		garden := 0.
		if rng.Float64() < rooms/6 {
			garden = 1
		}
		state := float64(rng.IntN(3))
		price := math.Round(100*area*(11+state+2*rng.Float64())) / 100
		if rng.IntN(5) == 0 {
			state = math.NaN()
		}
		for j, v := range []float64{0, area, rooms, float64(rng.IntN(3)), state, garden, 86400 * float64(rng.IntN(1000)), 0, price} {
			if j > 0 {
				t.Columns[j] = append(t.Columns[j], v)
			}
		}
	}
	return t
}

var quick = &ReportSettings{Trees: &boost.Settings{Trees: 20, Leaves: 8}, NeighbourRows: 300, Rules: []Rule{
	Check{Name: "price ≥ 10·area", Holds: func(row []float64) bool { return row[8] >= 10*row[1] }},
	Bounds{Column: "rooms", Low: 1, High: 3},
}}

func mustReport(t *testing.T, train, synthetic, heldOut *Table, s *ReportSettings) *Report {
	r, err := NewReport(train, synthetic, heldOut, s)
	require.NoError(t, err)
	return r
}

func TestReportOfAPerfectModelIsThatOfHeldOutRows(t *testing.T) {
	t.Parallel()
	r := mustReport(t, houses(600, 1), houses(600, 2), houses(600, 3), quick)
	made, independent, real := r.Scores[0], r.Scores[1], r.Scores[2]
	require.InDelta(t, real.Columns.Value, made.Columns.Value, 0.015)
	require.InDelta(t, real.Pairs.Value, made.Pairs.Value, 0.015)
	require.InDelta(t, 0.5, made.C2ST.Accuracy, 0.06)
	require.InDelta(t, 0.5, made.C2STHeldOut.Accuracy, 0.06)
	require.Greater(t, made.C2ST.Detection, 0.85)
	require.InDelta(t, real.Coverage.Value, made.Coverage.Value, 0.08)
	require.InDelta(t, 0.5, made.Membership.Strongest().Value, 4*made.Membership.Strongest().SE)
	require.InDelta(t, 0.5, made.NearestTrain.Value, 4*made.NearestTrain.SE)
	require.Equal(t, []twosample.Estimate{{}, proportion(made.Violations[1].Value*600, 600)}, made.Violations)
	require.InDelta(t, 0.4, made.Violations[1].Value, 0.08, "of five numbers of rooms two are above 3")

	require.Zero(t, independent.Columns.Value)
	require.Greater(t, independent.Pairs.Value, 1.3*made.Pairs.Value)
	require.Greater(t, independent.C2ST.Accuracy, 0.8)
	require.Less(t, independent.Coverage.Value, made.Coverage.Value-0.2)
	require.Greater(t, independent.Violations[0].Value, 0.2)

	u := r.Utility[0]
	require.Equal(t, "price", u.Target)
	require.Greater(t, u.Real.Value, 0.9)
	require.InDelta(t, u.Real.Value, u.Synthetic.Value, 0.03)
	require.Less(t, u.Independent.Value, 0.3, "chance makes the shuffled columns a little alike")
	require.Len(t, r.Columns, 8, "an identifier is left out")
	require.Len(t, r.Pairs, 28)
}

// Fidelity alone is best served by copies.
func TestReportOfCopiesTellsThem(t *testing.T) {
	t.Parallel()
	train := houses(300, 1)
	r := mustReport(t, train, train, houses(300, 2), quick)
	made := r.Scores[0]
	require.Zero(t, made.Columns.Value)
	require.InDelta(t, 0, made.Pairs.Value, 1e-12)
	require.Equal(t, 1.0, made.Coverage.Value)
	require.Greater(t, made.Membership.Strongest().Value, 0.95)
	require.Greater(t, made.NearestTrain.Value, 0.95)
	require.Equal(t, 1.0, made.Copies.Value)
	require.Zero(t, r.Scores[2].Copies.Value)
	require.Less(t, made.C2ST.Accuracy, 0.5)
	require.Contains(t, r.String(), "copies of rows trained on")
	require.InDelta(t, 0.5, r.Scores[2].Membership.Strongest().Value, 4*r.Scores[2].Membership.Strongest().SE, "held-out rows give nothing away")
}

func TestReportOfIndependentColumnsIsThatOfItsReference(t *testing.T) {
	t.Parallel()
	train := houses(600, 1)
	shuffled := &Table{Fields: train.Fields, Columns: make([][]float64, len(train.Columns))}
	for j, c := range train.Columns {
		if c != nil {
			shuffled.Columns[j] = slices.Clone(c)
			rand.New(rand.NewPCG(9, uint64(j))).Shuffle(len(c), func(a, b int) { s := shuffled.Columns[j]; s[a], s[b] = s[b], s[a] })
		}
	}
	r := mustReport(t, train, shuffled, nil, quick)
	require.Len(t, r.Scores, 2)
	require.InDelta(t, r.Scores[1].C2ST.Accuracy, r.Scores[0].C2ST.Accuracy, 0.04)
	require.InDelta(t, r.Scores[1].Pairs.Value, r.Scores[0].Pairs.Value, 0.01)
	require.InDelta(t, r.Scores[1].Coverage.Value, r.Scores[0].Coverage.Value, 0.1)
}

func TestReportWithoutHeldOutRowsSaysSo(t *testing.T) {
	t.Parallel()
	r := mustReport(t, houses(200, 1), houses(200, 2), nil, quick)
	require.Zero(t, r.HeldOut)
	require.True(t, math.IsNaN(r.Scores[0].Membership.Strongest().Value))
	require.True(t, math.IsNaN(r.Scores[0].C2STHeldOut.Accuracy))
	require.Greater(t, r.Utility[0].Real.Value, 0.8)
	text := r.String()
	require.Contains(t, text, "No rows were held out")
	require.NotContains(t, text, "privacy: AUC")
	require.Equal(t, text, mustReport(t, houses(200, 1), houses(200, 2), &Table{}, quick).String())
}

// A table read from a file of its own numbers its levels in another order, and may
// take a column of few rows for a constant.
func TestReportFindsColumnsByNameAndLevelsByText(t *testing.T) {
	t.Parallel()
	train, synthetic, held := houses(200, 1), houses(200, 2), houses(100, 3)
	want := mustReport(t, train, synthetic, held, quick)
	other := &Table{Fields: slices.Clone(synthetic.Fields), Columns: slices.Clone(synthetic.Columns)}
	other.Fields[3].Levels = []string{"west", "unused", "south", "north"}
	other.Columns[3] = slices.Clone(other.Columns[3])
	for i, v := range other.Columns[3] {
		other.Columns[3][i] = []float64{3, 2, 0}[int(v)]
	}
	slices.Reverse(other.Fields)
	slices.Reverse(other.Columns)
	got := mustReport(t, train, other, held, quick)
	require.Equal(t, want.Scores[0].Columns.Value, got.Scores[0].Columns.Value)
	require.Equal(t, want.Scores[0].Violations, got.Scores[0].Violations)
	require.Equal(t, want.Columns[2].Errors, got.Columns[2].Errors)

	numbers := &Table{Fields: []Field{{Name: "a", Kind: Whole}, {Name: "b", Kind: Number}}, Columns: [][]float64{{1, 2, 3, 4}, {5, 5, 5, 6}}}
	constant := &Table{Fields: []Field{{Name: "a", Kind: Whole}, {Name: "b", Kind: Constant, Levels: []string{"5"}}}, Columns: [][]float64{{1, 2, 3, 4}, {0, 0, 0, 0}}}
	for _, r := range []*Report{mustReport(t, numbers, constant, nil, nil), mustReport(t, constant, numbers, nil, nil)} {
		require.Equal(t, 0.25, r.Columns[1].Errors[0])
	}
}

func TestReportOfOddTablesHasValues(t *testing.T) {
	nan := math.NaN()
	var many Table
	many.Fields = []Field{{Name: "name", Kind: Category}, {Name: "kind", Kind: Category, Levels: []string{"a", "b"}}}
	many.Columns = make([][]float64, 2)
	for i := range 3000 {
		many.Fields[0].Levels = append(many.Fields[0].Levels, fmt.Sprint("level ", i))
		many.Columns[0] = append(many.Columns[0], float64(i*7919%3000))
		many.Columns[1] = append(many.Columns[1], float64(i%2))
	}
	for i := len(many.Fields[0].Levels); i < 10000; i++ {
		many.Fields[0].Levels = append(many.Fields[0].Levels, fmt.Sprint("level ", i))
	}
	one := func(kind Kind, levels []string, cells ...float64) *Table {
		return &Table{Fields: []Field{{Name: "a", Kind: kind, Levels: levels}}, Columns: [][]float64{cells}}
	}
	wide := &Table{Fields: []Field{{Name: "small", Kind: Number}, {Name: "offset", Kind: Number}, {Name: "large", Kind: Number}},
		Columns: [][]float64{{1e-3, 2e-3, 1e-3, 4e-3, 9e-3, 3e-3}, {1e6, 1e6 + 1, 1e6, 1e6 + 3, 1e6, 1e6}, {1e300, 2, -1e300, 0, 5, 1e200}}}
	for name, c := range map[string]struct{ train, synthetic, held *Table }{
		"five rows":        {houses(5, 1), houses(5, 2), houses(5, 3)},
		"one row":          {houses(1, 1), houses(1, 2), houses(1, 3)},
		"one and many":     {houses(1, 1), houses(40, 2), houses(40, 3)},
		"ten thousand":     {&many, &many, &many},
		"one column":       {one(Number, nil, 1, 2, 3, 4), one(Number, nil, 5, 6, 7), one(Number, nil, 1)},
		"one level":        {one(Constant, []string{"x"}, 0, 0), one(Constant, []string{"x"}, 0), nil},
		"missing":          {one(Number, nil, nan, nan), one(Number, nil, nan, nan, nan), one(Number, nil, nan, nan)},
		"no level at all":  {one(Constant, nil, nan, nan), one(Constant, nil, nan), nil},
		"missing in train": {one(Number, nil, nan, nan), one(Number, nil, 1, 2, nan), one(Number, nil, 3, nan)},
		"scales":           {wide, wide, wide},
	} {
		r, err := NewReport(c.train, c.synthetic, c.held, &ReportSettings{Trees: quick.Trees, NeighbourRows: 300})
		require.NoError(t, err, name)
		require.NotContains(t, r.String(), "NaN", name)
		require.NotContains(t, r.String(), "Inf", name)
		text, err := json.Marshal(r)
		require.NoError(t, err, name)
		var back Report
		require.NoError(t, json.Unmarshal(text, &back), name)
		require.Equal(t, r.String(), back.String(), "%s: what is not defined is still not when read back", name)
		for _, col := range r.Columns {
			for _, e := range col.Errors {
				require.True(t, e >= 0 && e <= 1, "%s: %v", name, e)
			}
		}
	}
}

// Differences and squares of numbers beyond 1e300 overflowed, and a report with the
// infinities could not be written.
func TestReportOfAnyFiniteCellsIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	values := []float64{0, 1, -1, 3, 3, 1e16, 1e-300, 5e-324, 1e300, math.MaxFloat64, -math.MaxFloat64, math.NaN()}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		few := 1 + r.IntN(len(values))
		odd := func() *Table {
			u := &Table{Fields: []Field{{Name: "a", Kind: Number}, {Name: "b", Kind: Number}, {Name: "c", Kind: Category, Levels: []string{"x", "y", "z"}}}, Columns: make([][]float64, 3)}
			for range 1 + r.IntN(8) {
				u.Columns[0] = append(u.Columns[0], values[r.IntN(few)])
				u.Columns[1] = append(u.Columns[1], values[r.IntN(len(values))])
				u.Columns[2] = append(u.Columns[2], float64(r.IntN(3)))
			}
			return u
		}
		written := mustReport(t, odd(), odd(), odd(), &ReportSettings{Trees: quick.Trees, NeighbourRows: 300})
		text, err := json.Marshal(written)
		require.NoError(t, err, "seed %d", seed)
		var back Report
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, written.String(), back.String())
	}
}

func TestReportDoesNotDependOnProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	measure := func() string {
		text, err := json.Marshal(mustReport(t, houses(120, 1), houses(120, 2), houses(80, 3), quick))
		require.NoError(t, err)
		return string(text)
	}
	want := measure()
	runtime.GOMAXPROCS(4)
	require.Equal(t, want, measure())
}

func TestReportSubsamplesAsItSays(t *testing.T) {
	t.Parallel()
	s := &ReportSettings{Trees: quick.Trees, TreeRows: 100, NeighbourRows: 50, Targets: []string{"garden", "area"}}
	before := *s
	r := mustReport(t, houses(400, 1), houses(300, 2), houses(200, 3), s)
	require.Equal(t, before, *s, "settings are not written to")
	require.Contains(t, r.Notes, "Trees are fitted to 100 rows at most.")
	require.Contains(t, r.Notes, "Neighbours are those of 50 rows trained on and 50 of each other kind.")
	require.Equal(t, "accuracy", r.Utility[0].Measure)
	require.Equal(t, "R²", r.Utility[1].Measure)
	require.Greater(t, r.Utility[0].Real.Value, 0.55)
	require.InDelta(t, 2*1.96*0.5*1.5/math.Sqrt(200), r.Scores[0].C2ST.High-r.Scores[0].C2ST.Low, 0.03)
}

// Columns in units of picometres have a mean and a spread, too.
func TestReportShowsNumbersOfAnySize(t *testing.T) {
	tiny := &Table{Fields: []Field{{Name: "a", Kind: Number}, {Name: "b", Kind: Number}}, Columns: [][]float64{{1e-13, 3e-13}, {-.1, .1}}}
	text := mustReport(t, tiny, tiny, nil, nil).String()
	require.Contains(t, text, "2e-13 ± 1e-13")
	require.Contains(t, text, "0 ± 0.1")
}

func TestFaultsOfReportsAreNamed(t *testing.T) {
	good := houses(20, 1)
	without, err := good.Drop("price")
	require.NoError(t, err)
	infinite := houses(20, 1)
	infinite.Columns[1][3] = math.Inf(1)
	level := houses(20, 1)
	level.Columns[3][2] = 7
	texts := &Table{Fields: slices.Clone(good.Fields), Columns: good.Columns}
	texts.Fields[2] = Field{Name: "rooms", Kind: Category, Levels: []string{"a", "b", "c", "d", "e", "f"}}
	ragged := &Table{Fields: good.Fields, Columns: slices.Clone(good.Columns)}
	ragged.Columns[4] = ragged.Columns[4][1:]
	for _, c := range []struct {
		train, synthetic *Table
		s                *ReportSettings
		is               error
		says             string
	}{
		{nil, good, nil, ErrShape, "train: has no rows"},
		{good, &Table{}, nil, ErrShape, "synthetic: has no rows"},
		{good, without, nil, ErrName, `synthetic: column "price"`},
		{good, infinite, nil, ErrNonFinite, `synthetic: column "area": row 3: is +Inf`},
		{level, good, nil, ErrRange, `train: column "zone": row 2: is 7, want an index of its 3 levels`},
		{good, texts, nil, ErrKind, `column "rooms": is of kind whole in one table, and has the level "a" in another`},
		{good, ragged, nil, ErrShape, `synthetic: column "state": has 19 cells, want 20`},
		{&Table{Fields: good.Fields[:1], Columns: [][]float64{nil}}, good, nil, ErrShape, "train: has no rows"},
		{good, good, &ReportSettings{Targets: []string{"cost"}}, ErrName, `Settings.Targets: column "cost"`},
		{good, good, &ReportSettings{TreeRows: -1}, ErrRange, "TreeRows is -1"},
		{good, good, &ReportSettings{Rules: []Rule{nil}}, ErrRange, "a rule is nil"},
		{good, good, &ReportSettings{Rules: []Rule{Check{Name: "empty"}}}, ErrRange, "Holds is nil"},
		{good, good, &ReportSettings{Rules: []Rule{Bounds{Column: "cost", High: 1}}}, ErrName, `column "cost"`},
		{good, good, &ReportSettings{Rules: []Rule{Bounds{Column: "zone", High: 1}}}, ErrRange, `column "zone" is`},
		{good, good, &ReportSettings{Trees: &boost.Settings{Rate: 2}}, boost.ErrRange, "Settings.Trees"},
	} {
		_, err := NewReport(c.train, c.synthetic, nil, c.s)
		require.ErrorContains(t, err, c.says)
		require.True(t, errors.Is(err, c.is), "%v", err)
		require.True(t, strings.HasPrefix(err.Error(), "table: NewReport: "))
	}
}

func TestReportTextStaysInItsLines(t *testing.T) {
	fields := []Field{{Name: "a\nb\tc", Kind: Category, Levels: []string{"x\ny", strings.Repeat("long ", 40)}}, {Name: "n", Kind: Number}}
	a := &Table{Fields: fields, Columns: [][]float64{{0, 1, 1, 0, 1}, {1, 2, 3, 4, 5}}}
	text := mustReport(t, a, a, nil, nil).String()
	require.Contains(t, text, `"a\nb\tc"`)
	require.Contains(t, text, `x\ny 40 %`)
	for line := range strings.Lines(text) {
		require.NotRegexp(t, ` \n$`, line)
	}
}
