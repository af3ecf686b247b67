package table

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// ruledTable has columns that obey rules: low ≤ middle ≤ high, a + b = total,
// three shares of 100 with zeros, and an angle on [0, 360].
func ruledTable(n int, step float64) (*Table, []Rule) {
	r := rand.New(rand.NewPCG(3, 1))
	names := []string{"low", "middle", "high", "a", "b", "total", "sand", "silt", "clay", "angle"}
	t := &Table{Columns: make([][]float64, len(names))}
	for _, name := range names {
		t.Fields = append(t.Fields, Field{Name: name, Kind: Number, Step: step})
	}
	round := func(v float64) float64 {
		if step == 0 {
			return v
		}
		return snap(v, step)
	}
	for i := range n {
		low := round(10 * r.NormFloat64())
		middle := low
		if i%3 > 0 {
			middle = round(low + r.ExpFloat64())
		}
		high := round(middle + 5*r.Float64())
		a, b := round(r.ExpFloat64()), round(r.NormFloat64())
		total := round(a + b)
		sand, silt := round(60*r.Float64()), 0.
		if i%4 > 0 {
			silt = round((100 - sand) * r.Float64())
		}
		clay := round(100 - sand - silt)
		for j, v := range []float64{low, middle, high, a, b, total, sand, silt, clay, round(360 * r.Float64())} {
			t.Columns[j] = append(t.Columns[j], v)
		}
	}
	return t, []Rule{
		Order{Columns: []string{"low", "middle", "high"}},
		Sum{Columns: []string{"a", "b"}, Total: "total"},
		Simplex{Columns: []string{"sand", "silt", "clay"}, Total: 100},
		Bounds{Column: "angle", Low: 0, High: 360},
	}
}

func TestRulesHoldInAnyRow(t *testing.T) {
	for _, step := range []float64{0, 1, .1, .25} {
		u, rules := ruledTable(500, step)
		c, err := NewCodec(u, &CodecSettings{Rules: rules})
		require.NoError(t, err)
		require.Equal(t, len(u.Fields)-2, c.Dim())
		x, err := c.Encode(u, 1)
		require.NoError(t, err)
		got, err := c.Decode(x, nil)
		require.NoError(t, err)
		requireTable(t, u, got)

		r := rand.New(rand.NewPCG(1, 2))
		wild := mat.NewDense(2000, c.Dim(), nil)
		wild.Apply(func(_, _ int, _ float64) float64 { return 5 * r.NormFloat64() }, wild)
		for range 2 {
			got, err = c.Decode(wild, nil)
			require.NoError(t, err)
			rows, by, err := c.Violations(got)
			require.NoError(t, err)
			require.Empty(t, rows, "step %v: %v", step, by)
			require.NoError(t, c.Match(wild))
		}

		text, err := json.Marshal(c)
		require.NoError(t, err)
		var read Codec
		require.NoError(t, json.Unmarshal(text, &read))
		again, err := read.Decode(wild, nil)
		require.NoError(t, err)
		got, err = c.Decode(wild, nil)
		require.NoError(t, err)
		require.Equal(t, got, again)
		require.Equal(t, rules, read.rules)
	}
}

func TestRulesThatRowsBreakAreErrors(t *testing.T) {
	u, _ := ruledTable(50, 0)
	u.Columns[0][7] = 1e6
	for _, c := range []struct {
		rule Rule
		want error
		text string
	}{
		{Order{Columns: []string{"low", "middle"}}, ErrRule, `Rules: 0: "low" ≤ "middle": 1 of 50 rows break it, the first is row 7`},
		{Order{Columns: []string{"low"}}, ErrRange, "want at least two"},
		{Order{Columns: []string{"low", "low"}}, ErrRange, "twice"},
		{Order{Columns: []string{"low", "none"}}, ErrName, `"none" is no column`},
		{Bounds{Column: "low", Low: 3, High: 3}, ErrRange, "want the lower one first"},
		{Bounds{Column: "low", Low: math.NaN(), High: 3}, ErrRange, "want the lower one first"},
		{Bounds{Column: "low", Low: -100, High: 100}, ErrRule, "row 7"},
		{Sum{Columns: []string{"low", "high"}, Total: "total"}, ErrRule, "row 0"},
		{Sum{Columns: []string{"low", "high"}, Constant: math.Inf(1)}, ErrRange, "Constant"},
		{Simplex{Columns: []string{"sand", "silt"}, Total: 100}, ErrRule, "row 0"},
		{Simplex{Columns: []string{"sand", "silt"}, Total: -1}, ErrRange, "Total"},
		{Check{Name: "low below 100", Holds: func(row []float64) bool { return row[0] < 100 }}, ErrRule, "low below 100: 1 of 50 rows break it, the first is row 7"},
		{Check{Name: "none"}, ErrRange, "Holds is nil"},
		{nil, ErrRange, "Rules: 0: is nil"},
	} {
		_, err := NewCodec(u, &CodecSettings{Rules: []Rule{c.rule}})
		require.ErrorIs(t, err, c.want)
		require.ErrorContains(t, err, c.text)
	}
}

func TestChecksAreCounted(t *testing.T) {
	u, _ := ruledTable(200, 0)
	above := Check{Name: "a above 0", Holds: func(row []float64) bool { return row[3] >= 0 }}
	c, err := NewCodec(u, &CodecSettings{Rules: []Rule{above, Bounds{Column: "angle", Low: 0, High: 360}}})
	require.NoError(t, err)
	u.Columns[3][5], u.Columns[3][9], u.Columns[9][9] = -1, -1, 400
	rows, by, err := c.Violations(u)
	require.NoError(t, err)
	require.Equal(t, []int{5, 9}, rows)
	require.Equal(t, "a above 0", by[0].Rule.String())
	require.Equal(t, []int{5, 9}, by[0].Rows)
	require.Equal(t, []int{9}, by[1].Rows)
}

func TestWhatARuleMakesIsNotGivenAlone(t *testing.T) {
	u, rules := ruledTable(50, 0)
	c, err := NewCodec(u, &CodecSettings{Rules: rules})
	require.NoError(t, err)
	for j, name := range map[int]string{0: "low", 3: "a", 6: "sand"} {
		v := u.Select([]int{0, 1})
		v.Columns[j][1] = noCell
		_, _, err = c.Draw(2, v, 1, nil)
		require.ErrorIs(t, err, ErrRule, name)
		require.ErrorContains(t, err, "row 1", name)
	}
	v := u.Select([]int{0, 1})
	v.Columns[2][1], v.Columns[5][1] = noCell, noCell // high and total may be drawn
	x, err := c.Observe(v, 1)
	require.NoError(t, err)
	require.True(t, math.IsNaN(x.At(1, 2)))
}

// Any cells of columns under rules may be missing: those filled obey with those known.
func TestImputedCellsObeyRules(t *testing.T) {
	for _, step := range []float64{0, .1} {
		u, rules := ruledTable(300, step)
		c, err := NewCodec(u, &CodecSettings{Rules: rules})
		require.NoError(t, err)
		r := rand.New(rand.NewPCG(8, 8))
		holes := u.Select(indices(u.Len()))
		for j := range holes.Columns {
			for i := range holes.Len() {
				if r.Float64() < .3 {
					holes.Columns[j][i] = noCell
				}
			}
		}
		got, report, err := c.Impute(holes, 1, func(n int, _ *mat.Dense, seed uint64) (*mat.Dense, error) {
			r := rand.New(rand.NewPCG(seed, 8))
			y := mat.NewDense(n, c.Dim(), nil)
			y.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, y)
			return y, nil
		})
		require.NoError(t, err)
		rows, _, err := c.Violations(got)
		require.NoError(t, err)
		require.Equal(t, report.Left, rows)
		require.Less(t, len(rows), 30, "orders in which little room is left")
		for _, v := range report.By[1:3] {
			require.Empty(t, v.Rows, "%v", v.Rule)
		}
		for j := range got.Columns {
			for i, v := range holes.Columns[j] {
				require.False(t, math.IsNaN(got.Columns[j][i]))
				if !math.IsNaN(v) {
					require.Equal(t, v, got.Columns[j][i])
				}
			}
		}
		// One share or one summand that is missing is what the others leave.
		for i := range holes.Len() {
			if math.IsNaN(holes.Columns[3][i]) && !math.IsNaN(holes.Columns[4][i]+holes.Columns[5][i]) {
				require.InDelta(t, u.Columns[3][i], got.Columns[3][i], 1e-9)
			}
			if math.IsNaN(holes.Columns[6][i]) && !math.IsNaN(holes.Columns[7][i]+holes.Columns[8][i]) {
				require.InDelta(t, u.Columns[6][i], got.Columns[6][i], 1e-9)
			}
		}
	}
}

// Columns of a rule may have lattices of their own, as when one was rounded to fewer
// decimals: rows that are drawn are on them, and obey.
func TestRulesAreKeptOnDifferentLattices(t *testing.T) {
	for _, step := range []float64{0, .01} {
		keepsRules(t, step)
	}
}

func keepsRules(t *testing.T, third float64) {
	r := rand.New(rand.NewPCG(8, 9))
	u := &Table{Columns: make([][]float64, 6)}
	for j, step := range []float64{.01, .1, third, .01, .01, 1} {
		u.Fields = append(u.Fields, Field{Name: string(rune('a' + j)), Kind: Number, Step: step})
	}
	for range 200 {
		a, b := snap(r.Float64()/2, .01), snap(r.Float64()/2, .1)
		d := snap(9*r.Float64(), .01)
		total := 10 + float64(r.IntN(20))
		for j, v := range []float64{a, b, snap(1-a-b, third), d, snap(total-d, .01), total} {
			u.Columns[j] = append(u.Columns[j], v)
		}
	}
	c, err := NewCodec(u, &CodecSettings{Rules: []Rule{Simplex{Columns: []string{"a", "b", "c"}}, Sum{Columns: []string{"d", "e"}, Total: "f"}}})
	require.NoError(t, err)
	x, err := c.Encode(u, 1)
	require.NoError(t, err)
	same, err := c.Decode(x, nil)
	require.NoError(t, err)
	requireTable(t, u, same)
	draw := func(n int, _ *mat.Dense, seed uint64) (*mat.Dense, error) {
		r, x := rand.New(rand.NewPCG(seed, 0)), mat.NewDense(n, c.Dim(), nil)
		x.Apply(func(i, j int, _ float64) float64 { return r.NormFloat64() }, x)
		return x, nil
	}
	got, _, err := c.Draw(300, nil, 1, draw)
	require.NoError(t, err)
	require.NoError(t, got.Validate())
	for i := range 300 {
		require.True(t, Simplex{}.holds([]float64{got.Columns[0][i], got.Columns[1][i], got.Columns[2][i]}), "row %d", i)
	}
	for hole := range 6 {
		holed := u.Select(indices(200))
		for i := range 200 {
			holed.Columns[hole][i] = noCell
		}
		filled, report, err := c.Impute(holed, 1, draw)
		require.NoError(t, err)
		require.NoError(t, filled.Validate())
		require.Empty(t, report.Left, "column %d", hole)
		requireTable(t, u, filled)
	}
}
