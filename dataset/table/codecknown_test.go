package table

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// gusts have a speed on a lattice of 5, of which the class is a function, and a town,
// which says nothing.
func gusts(n int, seed uint64) *Table {
	r := rand.New(rand.NewPCG(seed, 7))
	t := &Table{Fields: []Field{
		{Name: "speed", Kind: Whole},
		{Name: "class", Kind: Ordered, Levels: []string{"breeze", "gale", "storm"}},
		{Name: "town", Kind: Boolean, Levels: []string{"east", "west"}},
	}, Columns: make([][]float64, 3)}
	for range n {
		speed := 5 * math.Round(max(2, min(10+4*r.NormFloat64(), 22)))
		for j, v := range []float64{speed, classOf(speed), float64(r.IntN(2))} {
			t.Columns[j] = append(t.Columns[j], v)
		}
	}
	return t
}

func classOf(speed float64) float64 {
	switch {
	case speed < 40:
		return 0
	case speed < 65:
		return 1
	}
	return 2
}

// blurred draws as a network would that sees known cells blurred by h: rows of the table
// with weights exp(−‖known − row‖²/2h²).
func blurred(t *testing.T, c *Codec, law *Table, h float64) Sampler {
	x, err := c.Encode(law, 77)
	require.NoError(t, err)
	return func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		r := rand.New(rand.NewPCG(seed, 8))
		y := mat.NewDense(n, c.Dim(), nil)
		total := make([]float64, law.Len())
		for i := range n {
			var sum float64
			for k := range total {
				square := 0.
				for j, o := range observed.RawRowView(i) {
					if !math.IsNaN(o) {
						square += (o - x.At(k, j)) * (o - x.At(k, j))
					}
				}
				sum += math.Exp(-square / (2 * h * h))
				total[k] = sum
			}
			at := r.Float64() * sum
			k := 0
			for total[k] < at {
				k++
			}
			y.SetRow(i, x.RawRowView(k))
		}
		return y, nil
	}
}

// Of a level the model is told the middle of its interval, where it knows best what goes
// with it.
func TestDrawsKeepALawBetweenALevelAndANumber(t *testing.T) {
	const n = 1500
	law := gusts(2000, 1)
	c, err := NewCodec(law, nil)
	require.NoError(t, err)
	draw := blurred(t, c, law, .2)
	broken := func(got *Table) float64 {
		share := 0.
		for i, speed := range got.Columns[0] {
			if classOf(speed) != got.Columns[1][i] {
				share += 1. / n
			}
		}
		return share
	}
	given, err := gusts(n, 2).Keep("class", "town")
	require.NoError(t, err)
	got, _, err := c.Draw(n, given, 1, draw)
	require.NoError(t, err)
	require.Less(t, broken(got), .002)

	holes := gusts(n, 2)
	for i := range holes.Columns[0] {
		holes.Columns[0][i] = noCell
	}
	got, _, err = c.Impute(holes, 1, draw)
	require.NoError(t, err)
	require.Less(t, broken(got), .002)

	// Told a place at random, as rows to be learned have it, it would break the law.
	x, err := c.Encode(gusts(n, 2), 3)
	require.NoError(t, err)
	for i := range n {
		x.Set(i, 0, noCell)
	}
	y, err := draw(n, x, 1)
	require.NoError(t, err)
	got, err = c.Decode(y, x)
	require.NoError(t, err)
	require.Greater(t, broken(got), .02)
}

// A model whose numbers are all off by the same map is put right by Match, which is
// measured on rows without conditions, when rows are drawn given some columns, too: they
// keep the marginal that they have there, and the law.
func TestMatchLeavesDrawsTheMarginalOfTheirCondition(t *testing.T) {
	const n = 1500
	law := gusts(3000, 1)
	c, err := NewCodec(law, nil)
	require.NoError(t, err)
	x, err := c.Encode(law, 9)
	require.NoError(t, err)
	off := func(y float64) float64 { return .8*y + .3*math.Sin(y) - .3 }
	for i := range law.Len() {
		x.Set(i, 0, off(x.At(i, 0)))
	}
	require.NoError(t, c.Match(x))
	exact := blurred(t, c, law, .05)
	given := &Table{Fields: law.Fields[1:2], Columns: [][]float64{make([]float64, n)}}
	for i := range n {
		given.Columns[0][i] = 2
	}
	got, _, err := c.Draw(n, given, 1, func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		y, err := exact(n, observed, seed)
		for i := range n {
			y.Set(i, 0, off(y.At(i, 0)))
		}
		return y, err
	})
	require.NoError(t, err)
	share := func(u *Table, speed float64) float64 {
		of, all := 0., 0.
		for i, class := range u.Columns[1] {
			if class == 2 {
				all++
				if u.Columns[0][i] == speed {
					of++
				}
			}
		}
		return of / all
	}
	sum := 0.
	for speed := 65.; speed <= 110; speed += 5 {
		require.InDelta(t, share(law, speed), share(got, speed), .06, "speed %v", speed)
		sum += share(got, speed)
	}
	require.InDelta(t, 1, sum, .005)
}

// What is known of a row is the same whatever the seed, and decodes to itself.
func TestKnownCellsAreTheMiddlesOfTheirIntervals(t *testing.T) {
	u := children(200, 3)
	u.Fields = append(u.Fields, Field{Name: "rooms", Kind: Whole})
	u.Columns = append(u.Columns, nil)
	for i := range u.Len() {
		u.Columns[4] = append(u.Columns[4], float64(i%7))
	}
	c, err := NewCodec(u, nil)
	require.NoError(t, err)
	a, err := c.Observe(u, 1)
	require.NoError(t, err)
	b, err := c.Observe(u, 2)
	require.NoError(t, err)
	for i := range u.Len() {
		for k, p := range c.columns {
			v := u.Columns[p.Field][i]
			if math.IsNaN(v) {
				require.True(t, math.IsNaN(a.At(i, p.at)))
				continue
			}
			lo, hi := 0., 0.
			if p.Number != nil {
				lo, hi = p.Number.cell(v)
			} else {
				lo, hi = p.Levels.cell(v)
			}
			require.InDelta(t, (lo+hi)/2, a.At(i, p.at), 1e-9, "column %d", k)
			require.Equal(t, a.At(i, p.at), b.At(i, p.at))
		}
	}
}

// Rows with all cells known come out as they are, and the sampler is not asked for them.
func TestKnownRowsAreNotDrawn(t *testing.T) {
	law := gusts(300, 1)
	c, err := NewCodec(law, &CodecSettings{Rules: []Rule{Check{Name: "no gale in the west", Holds: func(row []float64) bool {
		return true
	}}}})
	require.NoError(t, err)
	calls, rows := 0, 0
	draw := func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		calls, rows = calls+1, rows+n
		return normals(c)(n, nil, seed)
	}
	given := gusts(40, 2)
	got, report, err := c.Draw(40, given, 1, draw)
	require.NoError(t, err)
	require.Zero(t, calls)
	require.Zero(t, report.Rows)
	require.Equal(t, given, got)

	holes := gusts(40, 2)
	holes.Columns[1][7], holes.Columns[0][30] = noCell, noCell
	got, report, err = c.Draw(40, holes, 1, draw)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 2}, []int{calls, rows, report.Rows})
	for j, column := range holes.Columns {
		for i, v := range column {
			require.False(t, math.IsNaN(got.Columns[j][i]))
			if !math.IsNaN(v) {
				require.Equal(t, v, got.Columns[j][i])
			}
		}
	}
}
