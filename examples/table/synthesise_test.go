package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/examples/internal/command"
)

// Whatever a table is, rows with its kinds, ranges, levels and missing cells come out,
// however little has been learned.
func TestOddTablesKeepWhatTheirColumnsAre(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		args  []string
		check func(t *testing.T, in, out *table.Table)
	}{
		"five rows": {
			text: "a,b\n1.5,x\n2.5,y\n3.5,x\n4.5,y\n5.5,x\n",
			args: []string{"-n", "50"},
			check: func(t *testing.T, _, out *table.Table) {
				require.Equal(t, 50, out.Len())
				require.Len(t, out.Fields, 2)
			},
		},
		"a constant column, and one that is empty": {
			text: lines(100, "a,same,none", func(_ int, rng *rand.Rand) string { return fmt.Sprintf("%.3f,north,", rng.NormFloat64()) }),
			check: func(t *testing.T, _, out *table.Table) {
				require.Equal(t, 1., share(out, "same", func(v float64) bool { return v == 0 }))
				require.Equal(t, 1., share(out, "none", math.IsNaN))
			},
		},
		"a column of texts": {
			text: lines(100, "a,remark", func(i int, rng *rand.Rand) string {
				return fmt.Sprintf("%.3f,\"what happened, in words, on day %d\"", rng.NormFloat64(), i)
			}),
			check: func(t *testing.T, in, out *table.Table) {
				require.Equal(t, table.Identifier, in.Fields[1].Kind)
				require.Len(t, out.Fields, 1)
			},
		},
		"categories only": {
			text: lines(200, "colour,size", func(i int, rng *rand.Rand) string {
				return []string{"red", "green", "blue"}[rng.IntN(3)] + "," + []string{"S", "M", "L"}[i%3]
			}),
			check: func(t *testing.T, _, out *table.Table) {
				for k := range 3 {
					require.InDelta(t, .33, share(out, "size", func(v float64) bool { return v == float64(k) }), .13)
				}
			},
		},
		"units of 1e-6 and 1e9": {
			text: lines(300, "tiny,huge", func(_ int, rng *rand.Rand) string {
				z := rng.NormFloat64()
				return fmt.Sprintf("%g,%g", 1e-6*(3+z), 1e9*(5+z+.1*rng.NormFloat64()))
			}),
			check: func(t *testing.T, _, out *table.Table) {
				require.InDelta(t, .5, share(out, "tiny", func(v float64) bool { return v < 3e-6 }), .13)
				require.InDelta(t, .5, share(out, "huge", func(v float64) bool { return v < 5e9 }), .13)
			},
		},
		"300 classes": {
			text: lines(900, "code,v", func(i int, rng *rand.Rand) string { return fmt.Sprintf("c%03d,%.2f", i%300, rng.NormFloat64()) }),
			check: func(t *testing.T, _, out *table.Table) {
				seen := map[float64]bool{}
				for _, v := range out.Columns[0] {
					seen[v] = true
				}
				require.Greater(t, len(seen), 150)
			},
		},
		"tabs, no header": {
			text: lines(100, "", func(_ int, rng *rand.Rand) string { return fmt.Sprintf("%.2f\t%d", rng.NormFloat64(), rng.IntN(5)) }),
			args: []string{"-noheader"},
			check: func(t *testing.T, _, out *table.Table) {
				require.Equal(t, "column1", out.Fields[0].Name)
				require.Equal(t, 0., share(out, "column2", func(v float64) bool { return v < 0 || v > 4 }))
			},
		},
		"missing cells that hang together": {
			text: lines(400, "kind,a,b", func(i int, rng *rand.Rand) string {
				if i%4 == 0 {
					return "plain,,"
				}
				return fmt.Sprintf("full,%.2f,%.2f", rng.NormFloat64(), rng.NormFloat64())
			}),
			check: func(t *testing.T, _, out *table.Table) {
				require.InDelta(t, .25, share(out, "a", math.IsNaN), .07)
				for i, v := range out.Columns[1] {
					require.Equal(t, math.IsNaN(v), math.IsNaN(out.Columns[2][i]), "row %d", i)
				}
			},
		},
		"rules": {
			text: lines(300, "low,high,part,rest,age", func(_ int, rng *rand.Rand) string {
				low, part := rng.NormFloat64(), rng.IntN(100)
				return fmt.Sprintf("%.2f,%.2f,%d,%d,%d", low, low+rng.ExpFloat64(), part, 100-part, 18+rng.IntN(60))
			}),
			args: []string{"-rule", "low<=high", "-rule", "part+rest=100", "-rule", "18<=age<=80", "-rule", "part >= 0"},
			check: func(t *testing.T, _, out *table.Table) {
				for i := range out.Len() {
					require.LessOrEqual(t, out.Columns[0][i], out.Columns[1][i])
					require.Equal(t, 100., out.Columns[2][i]+out.Columns[3][i])
					require.GreaterOrEqual(t, out.Columns[4][i], 18.)
					require.LessOrEqual(t, out.Columns[4][i], 80.)
				}
			},
		},
		"dates": {
			text: lines(200, "day,v", func(i int, rng *rand.Rand) string {
				return fmt.Sprintf("%s,%.1f", time.Date(2020, 1, 1+rng.IntN(365), 0, 0, 0, 0, time.UTC).Format(time.DateOnly), rng.Float64())
			}),
			check: func(t *testing.T, in, out *table.Table) {
				require.Equal(t, table.Time, out.Fields[0].Kind)
				from := float64(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
				require.Equal(t, 0., share(out, "day", func(v float64) bool { return v < from || v > from+366*86400 }))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, in, out := run(t, t.TempDir(), c.text, c.args...)
			// Numbers stay where those of the table are.
			for k, f := range out.Fields {
				if f.Kind != table.Number && f.Kind != table.Whole {
					continue
				}
				least, most := ends(in.Columns[in.Index(f.Name)])
				low, high := ends(out.Columns[k])
				require.GreaterOrEqual(t, low, least-(most-least)/10, f.Name)
				require.LessOrEqual(t, high, most+(most-least)/10, f.Name)
			}
			c.check(t, in, out)
		})
	}
}

// ends returns the least and the greatest cell that is there.
func ends(column []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range column {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

func TestGivenValuesComeOutExactly(t *testing.T) {
	dir := t.TempDir()
	_, _, out := run(t, dir, pairs(400), "-given", "g=positive, b=1.25", "-n", "70")
	require.Equal(t, 70, out.Len())
	require.Equal(t, 1., share(out, "b", func(v float64) bool { return v == 1.25 }))
	require.Equal(t, 1., share(out, "g", func(v float64) bool { return out.Fields[2].Levels[int(v)] == "positive" }))

	for given, want := range map[string]string{
		"h=1":          `"h" is no column of the model; its columns are a, b, g`,
		"id=r001":      `"id" is no column`,
		"g":            `"g": want column=value`,
		"g=negative":   `"no sign"`,
		"b=high":       `is "high", want a number`,
		"b=1,g=orange": "orange",
	} {
		j := &job{}
		require.NoError(t, command.Parse("table", j, []string{"-model", filepath.Join(dir, "model.safetensors"), "-out", filepath.Join(dir, "x.csv"), "-given", given}))
		require.ErrorContains(t, j.Run(context.Background(), io.Discard, io.Discard), want, given)
	}
}

// Which cells are missing goes with what the others are, among new rows as among those
// learned.
func TestMissingCellsStayWhereTheyBelong(t *testing.T) {
	text := lines(500, "year,gauge", func(i int, rng *rand.Rand) string {
		if year := 1980 + rng.Float64()*40; year > 2000 {
			return fmt.Sprintf("%.2f,%.1f", year, year-2000+rng.NormFloat64())
		} else {
			return fmt.Sprintf("%.2f,", year)
		}
	})
	_, _, out := run(t, t.TempDir(), text, "-steps", "500", "-n", "1000")
	var wrong float64
	for i, year := range out.Columns[0] {
		if (year <= 2000) != math.IsNaN(out.Columns[1][i]) {
			wrong++
		}
	}
	require.Less(t, wrong/1000, .1) // .5 when they have nothing to do with each other
	require.InDelta(t, .5, share(out, "gauge", math.IsNaN), .08)
}

// A value that no row had anything like was taken without a word.
func TestGivenValuesBeyondTheTableAreWarnedOf(t *testing.T) {
	rows := &table.Table{Fields: []table.Field{{Name: "age", Kind: table.Whole, Step: 1}, {Name: "weight", Kind: table.Number, Step: .1}},
		Columns: [][]float64{{18, 30, 44, 71, 80}, {50.5, 61, 70.2, 85, 99.5}}}
	c, err := table.NewCodec(rows, nil)
	require.NoError(t, err)
	given := func(age, weight float64) *table.Table {
		return &table.Table{Fields: rows.Fields, Columns: [][]float64{{age}, {weight}}}
	}
	require.Empty(t, beyond(c, given(18, 99.5)))
	require.Empty(t, beyond(c, given(math.NaN(), 60)))
	require.Equal(t, []string{`column "age": 120 is outside of what was learned, 18 to 80: what is drawn with it is a guess`}, beyond(c, given(120, 60)))
	require.Len(t, beyond(c, given(1, -4)), 2)
}
