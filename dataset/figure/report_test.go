package figure

import (
	"bytes"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// mixed returns a table of columns of all kinds, one of them over decades.
func mixed(rows, columns int, seed uint64) *table.Table {
	rng := rand.New(rand.NewPCG(seed, 1))
	kinds := []table.Field{
		{Kind: table.Number}, {Kind: table.Category, Levels: []string{"a", "bb", "a long level"}}, {Kind: table.Whole, Step: 1},
		{Kind: table.Time, Step: 86400, Layout: "2006-01-02"}, {Kind: table.Number}, {Kind: table.Constant, Levels: []string{"x"}},
	}
	t := &table.Table{}
	for j := range columns {
		f := kinds[j%len(kinds)]
		f.Name = fmt.Sprintf("column with a long name %d", j)
		cells := make([]float64, rows)
		for i := range cells {
			switch j % len(kinds) {
			case 0:
				cells[i] = rng.NormFloat64()
			case 1, 2:
				cells[i] = float64(rng.IntN(3))
			case 3:
				cells[i] = 86400 * float64(rng.IntN(3000))
			case 4:
				cells[i] = math.Exp(3 * rng.NormFloat64())
			}
			if rng.IntN(9) == 0 {
				cells[i] = math.NaN()
			}
		}
		t.Fields, t.Columns = append(t.Fields, f), append(t.Columns, cells)
	}
	return t
}

// reportPNG draws a report, its sides divided by a number.
func reportPNG(t *testing.T, train, synthetic, heldOut *table.Table, by int) []byte {
	r, err := table.NewReport(train, synthetic, heldOut, nil)
	require.NoError(t, err)
	rows, width, height := TableReport(r)
	width, height = width/by, height/by
	var b bytes.Buffer
	require.NoError(t, WritePNG(&b, rows, width, height))
	img, err := png.Decode(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	require.Equal(t, width, img.Bounds().Dx())
	require.Less(t, b.Len(), 300_000)
	return b.Bytes()
}

func TestPictureOfAReportIsSmallAndTheSame(t *testing.T) {
	draw := func(procs int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		return reportPNG(t, mixed(60, 6, 1), mixed(60, 6, 2), mixed(30, 6, 3), 1)
	}
	require.Equal(t, draw(1), draw(3))
}

func TestReportsOfOddTablesAreDrawn(t *testing.T) {
	nan := math.NaN()
	one := func(kind table.Kind, levels []string, cells ...float64) *table.Table {
		return &table.Table{Fields: []table.Field{{Name: "a", Kind: kind, Levels: levels}}, Columns: [][]float64{cells}}
	}
	reportPNG(t, mixed(20, 30, 1), mixed(20, 30, 2), nil, 2)
	reportPNG(t, mixed(5, 3, 1), mixed(5, 3, 2), mixed(5, 3, 3), 2)
	for _, c := range [][2]*table.Table{
		{one(table.Number, nil, nan, nan), one(table.Number, nil, 1, nan)},
		{one(table.Number, nil, 1, 1), one(table.Number, nil, 2, 3)}, // nothing within the limits
		{one(table.Number, nil, 1e300, -1e300), one(table.Number, nil, 0, 1)},
		{one(table.Whole, nil, 1e15, 1e15+1), one(table.Whole, nil, 1e15, 1e15)},
		{one(table.Constant, nil, nan, nan), one(table.Constant, nil, nan, nan)},
		{one(table.Constant, []string{"x"}, 0, 0), one(table.Constant, []string{"y"}, 0, 0)},
	} {
		reportPNG(t, c[0], c[1], nil, 3)
	}
}

// The columns that are shown are those with the largest errors, in their order.
func TestReportShowsTheWorstColumns(t *testing.T) {
	r := &table.Report{}
	for j := range 20 {
		r.Columns = append(r.Columns, table.ColumnReport{Name: fmt.Sprint(j), Errors: []float64{float64((j * 7) % 20)}})
	}
	shown := shownColumns(r)
	require.Len(t, shown, 12)
	last := -1
	for _, c := range shown {
		var j int
		fmt.Sscan(c.Name, &j)
		require.Greater(t, j, last)
		require.GreaterOrEqual(t, c.Errors[0], 8.0)
		last = j
	}
}

func TestNamesNeedLinearAxes(t *testing.T) {
	lim := [2]float64{1, 2}
	err := WritePNG(&bytes.Buffer{}, [][]Panel{{{XLim: lim, YLim: lim, Log: true, XNames: []string{"a"}}}}, 100, 100)
	require.ErrorContains(t, err, "names on logarithmic axes")
	err = WritePNG(&bytes.Buffer{}, [][]Panel{{{XLim: lim, YLim: lim, Layers: []Layer{Area{X: mat.NewDense(1, 2, []float64{math.NaN(), 0})}}}}}, 100, 100)
	require.ErrorContains(t, err, "area's corner 0 is (NaN, 0), want finite")
}

// A stretched panel fills its place: a square of 1 by 1 in limits of 2 by 4 is twice
// as wide as a quarter of the height.
func TestStretchedPanelsFillTheirPlace(t *testing.T) {
	square := mat.NewDense(4, 2, []float64{0, 0, 1, 0, 1, 1, 0, 1})
	var b bytes.Buffer
	require.NoError(t, WritePNG(&b, [][]Panel{{{XLim: [2]float64{0, 2}, YLim: [2]float64{0, 4}, Stretch: true, Bare: true,
		Layers: []Layer{Area{X: square, Color: solid[2]}}}}}, 400, 400))
	img, err := png.Decode(&b)
	require.NoError(t, err)
	xs, ys := map[int]bool{}, map[int]bool{}
	for y := range 400 {
		for x := range 400 {
			if r, _, b, _ := img.At(x, y).RGBA(); r < 0x5000 && b > 0x9000 {
				xs[x], ys[y] = true, true
			}
		}
	}
	require.InDelta(t, 190, len(xs), 12)
	require.InDelta(t, 95, len(ys), 8)
}
