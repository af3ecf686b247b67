package table

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// text draws texts that need care in a file.
func text() *rapid.Generator[string] {
	return rapid.Map(rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.SampledFrom([]rune("ab,;\t\"\r\n é世 '0\ufeff"))),
	), func(s string) string {
		return strings.TrimSpace(strings.ToValidUTF8(s, ""))
	}).Filter(readable)
}

// anyField draws a Field of a kind and a generator of its cells.
func anyField(t *rapid.T, kind Kind) (Field, *rapid.Generator[float64]) {
	f := Field{Kind: kind}
	index := func() *rapid.Generator[float64] {
		return rapid.Map(rapid.IntRange(0, len(f.Levels)-1), func(k int) float64 { return float64(k) })
	}
	levels := func(least, most int) []string {
		return rapid.SliceOfNDistinct(text(), least, most, rapid.ID[string]).Draw(t, "levels")
	}
	switch kind {
	case Number:
		f.Step = rapid.SampledFrom([]float64{0, .1, .01, 1e-6, .5, .25, .05, 2.5, 1, 10}).Draw(t, "step")
		if f.Step == 0 {
			return f, rapid.Map(rapid.Float64(), func(v float64) float64 { return v + 0 })
		}
		return f, rapid.Map(rapid.IntRange(-1_000_000, 1_000_000), func(k int) float64 { return f.Snap(float64(k) * f.Step) })
	case Whole:
		f.Step = 1
		return f, rapid.Map(rapid.Int64Range(-largestWhole, largestWhole), func(k int64) float64 { return float64(k) })
	case Category, Ordered:
		f.Levels = levels(1, 9)
		return f, index()
	case Boolean:
		f.Levels = levels(2, 2)
		return f, index()
	case Constant:
		f.Levels = levels(1, 1)
		return f, index()
	case Time:
		c := rapid.SampledFrom([]Field{
			{Layout: "2006-01-02", Step: 86400}, {Layout: "02.01.2006 15:04", Step: 60}, {Layout: "2006-01-02T15:04:05Z07:00", Step: 1},
			{Layout: "Jan 2, 2006 15:04:05.000000", Step: 1e-6}, {Layout: "2006-01-02 15:04:05.000", Step: .001},
		}).Draw(t, "layout")
		f.Layout, f.Step = c.Layout, c.Step
		return f, rapid.Map(rapid.Int64Range(-8e9, 8e9), func(s int64) float64 {
			return f.Snap(float64(s) * max(1, math.Sqrt(f.Step)) / 200)
		})
	}
	return f, nil
}

func TestReadGivesBackWhatWasWritten(t *testing.T) {
	kinds := []Kind{Number, Whole, Category, Ordered, Boolean, Time, Constant, Identifier}
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 8).Draw(t, "rows")
		names := rapid.SliceOfNDistinct(text(), 1, 5, rapid.ID[string]).Draw(t, "names")
		var tab, want Table
		for j, name := range names {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			if j == 0 {
				kind = rapid.SampledFrom(kinds[:7]).Draw(t, "kind")
			}
			f, cells := anyField(t, kind)
			f.Name = name
			var column []float64
			if cells != nil {
				column = make([]float64, rows)
				for i := range column {
					if column[i] = math.NaN(); rapid.IntRange(0, 3).Draw(t, "missing") > 0 {
						column[i] = cells.Draw(t, "cell")
					}
				}
			}
			tab.Fields, tab.Columns = append(tab.Fields, f), append(tab.Columns, column)
			if kind != Identifier {
				want.Fields, want.Columns = append(want.Fields, f), append(want.Columns, column)
			}
		}
		comma := rapid.SampledFrom([]rune{',', ';', '\t', '|', 'é'}).Draw(t, "comma")
		var file bytes.Buffer
		require.NoError(t, Write(&file, &tab, &WriteSettings{Comma: comma}))
		got, err := Read(&file, &ReadSettings{Comma: comma, Schema: want.Fields, Missing: []string{}})
		require.NoError(t, err)
		equal(t, &want, got)
	})
}

func TestAnInferredTableIsInferredAgainFromWhatIsWritten(t *testing.T) {
	file := "x,n,word,ok,day,one,hole\n1.50,1,a,yes,2020-01-02,c,\n2.25,2,\"b,\"\"\nc\",no,2020-01-03,c,NA\n-3,NA,a,,2020-02-03,c,\n"
	first := mustRead(t, file, nil)
	for _, s := range []*WriteSettings{nil, {Comma: ';', Missing: "NA"}, {Comma: '\t', Missing: "?"}} {
		var again bytes.Buffer
		require.NoError(t, Write(&again, first, s))
		equal(t, first, mustRead(t, again.String(), nil))
	}
	var again bytes.Buffer
	require.NoError(t, Write(&again, first, &WriteSettings{NoHeader: true}))
	second := mustRead(t, again.String(), &ReadSettings{NoHeader: true})
	require.Equal(t, "column1", second.Fields[0].Name)
	require.Equal(t, first.Columns[0], second.Columns[0])
}

func TestCellsAreWrittenAsTheirFieldsSay(t *testing.T) {
	day := float64(time.Date(2020, 2, 29, 13, 5, 6, 0, time.UTC).Unix())
	for _, c := range []struct {
		f    Field
		v    float64
		want string
	}{
		{Field{Kind: Number, Step: .01}, 1.5, "1.50"},
		{Field{Kind: Number, Step: .01}, 1e14, "100000000000000.00"},
		{Field{Kind: Number, Step: .25}, .5, "0.50"},
		{Field{Kind: Number, Step: 5}, 1005, "1005"},
		{Field{Kind: Number, Step: 2.5}, 7.5, "7.5"},
		{Field{Kind: Number}, 1.5, "1.5"},
		{Field{Kind: Number}, math.Nextafter(.3, 1), "0.30000000000000004"},
		{Field{Kind: Number}, 1e-7, "1e-07"},
		{Field{Kind: Number}, 1e21, "1e+21"},
		{Field{Kind: Number}, 120000, "120000"},
		{Field{Kind: Whole, Step: 1}, -1 << 53, "-9007199254740992"},
		{Field{Kind: Ordered, Levels: of("a", "b")}, 1, "b"},
		{Field{Kind: Time, Layout: "2006-01-02"}, day, "2020-02-29"},
		{Field{Kind: Time, Layout: "15:04:05.000"}, day + .125, "13:05:06.125"},
		{Field{Kind: Whole}, math.NaN(), ""},
	} {
		require.Equal(t, c.want, c.f.Text(c.v))
	}
}

func TestAMissingCellAloneIsNoBlankLine(t *testing.T) {
	tab := &Table{Fields: []Field{{Name: "x", Kind: Whole}}, Columns: [][]float64{{1, math.NaN(), 3}}}
	var b strings.Builder
	require.NoError(t, Write(&b, tab, nil))
	require.Equal(t, "x\n1\n\"\"\n3\n", b.String())
}

func TestFaultsOfTablesAreNamed(t *testing.T) {
	nan := math.NaN()
	one := func(f Field, cells ...float64) *Table {
		f.Name = "x"
		return &Table{Fields: []Field{{Name: "y", Kind: Number}, f}, Columns: [][]float64{make([]float64, 2), cells}}
	}
	for name, c := range map[string]struct {
		table    *Table
		settings *WriteSettings
		sentinel error
		message  string
	}{
		"no columns":         {&Table{}, nil, ErrShape, "Table: has 0 Columns and 0 Fields"},
		"fewer columns":      {&Table{Fields: []Field{{Kind: Number}}}, nil, ErrShape, "Table: has 0 Columns and 1 Fields"},
		"other length":       {one(Field{Kind: Number}, 1, 2, 3), nil, ErrShape, `column 1 ("x"): has 3 cells, want 2`},
		"no cells":           {one(Field{Kind: Number}), nil, ErrShape, `column 1 ("x"): has 0 cells, want 2`},
		"kind not said":      {one(Field{}, 1, 2), nil, ErrKind, `column 1 ("x"): Field.Kind: is infer`},
		"unknown kind":       {one(Field{Kind: -1}, 1, 2), nil, ErrRange, `column 1 ("x"): Field.Kind: is -1`},
		"infinite":           {one(Field{Kind: Number}, 1, math.Inf(-1)), nil, ErrRange, `column 1 ("x"): row 1: is -Inf, want a finite number`},
		"beyond levels":      {one(Field{Kind: Category, Levels: of("a", "b")}, 1, 2), nil, ErrRange, `column 1 ("x"): row 1: is 2, want an index of the 2 Levels`},
		"between levels":     {one(Field{Kind: Category, Levels: of("a", "b")}, nan, .5), nil, ErrRange, `row 1: is 0.5, want an index`},
		"below levels":       {one(Field{Kind: Category, Levels: of("a", "b")}, -1, .5), nil, ErrRange, `row 0: is -1, want an index`},
		"constant":           {one(Field{Kind: Constant}, nan, 0), nil, ErrRange, `row 1: is 0, want an index of the 0 Levels`},
		"one boolean":        {one(Field{Kind: Boolean, Levels: of("a")}, 0, 0), nil, ErrRange, "Levels: are 1, want 2 for kind boolean"},
		"no boolean":         {one(Field{Kind: Boolean}, 0, 0), nil, ErrRange, "row 0: is 0, want an index of the 0 Levels"},
		"half":               {one(Field{Kind: Whole, Step: 1}, 1, 1.5), nil, ErrRange, "row 1: is 1.5, want a whole number"},
		"beyond wholes":      {one(Field{Kind: Whole, Step: 1}, 1, 1e17), nil, ErrRange, "row 1: is 1e+17, want a whole number of magnitude up to 2⁵³"},
		"off the lattice":    {one(Field{Kind: Number, Step: .01}, .01, .015), nil, ErrRange, "row 1: is 0.015, want a whole multiple of the Step 0.01"},
		"time of day":        {one(Field{Kind: Time, Step: 86400, Layout: "2006-01-02"}, 0, 5), nil, ErrRange, "row 1: is 5, want a whole multiple of the Step 86400"},
		"year 10,000":        {one(Field{Kind: Time, Layout: "2006-01-02"}, 0, 3e11), nil, ErrRange, "row 1: is 3e+11, want seconds of the years 0 to 9999"},
		"no layout":          {one(Field{Kind: Time}, 0, 0), nil, ErrRange, "Layout: is empty, want one for kind time"},
		"whole step":         {one(Field{Kind: Whole, Step: .5}, 1, 2), nil, ErrRange, "Step: is 0.5, want a whole number for kind whole"},
		"names twice":        {&Table{Fields: []Field{{Name: "x", Kind: Number}, {Name: "x", Kind: Number}}, Columns: [][]float64{{1}, {2}}}, nil, ErrSyntax, `columns 0 and 1: are both called "x"`},
		"empty name":         {&Table{Fields: []Field{{Kind: Number}}, Columns: [][]float64{{1}}}, nil, ErrSyntax, `column 0: Name: is "", want a text`},
		"only identifiers":   {&Table{Fields: []Field{{Name: "x", Kind: Identifier}}, Columns: [][]float64{nil}}, nil, ErrShape, "has no column but those of kind identifier"},
		"level like missing": {one(Field{Kind: Category, Levels: of("NA")}, 0, nan), &WriteSettings{Missing: "NA"}, ErrRange, `column 1 ("x"): Levels: has "NA", which is the text of a missing cell`},
		"spaces":             {one(Field{Kind: Number}, 0, nan), &WriteSettings{Missing: " "}, ErrRange, `WriteSettings: Missing: is " "`},
		"comma":              {one(Field{Kind: Number}, 0, nan), &WriteSettings{Comma: '\n'}, ErrRange, `WriteSettings: Comma: is '\n'`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "old.csv")
			require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
			err := WriteFile(path, c.table, c.settings)
			require.ErrorIs(t, err, c.sentinel)
			require.ErrorContains(t, err, "table: Write: "+path+": ")
			require.ErrorContains(t, err, c.message)
			left, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			require.Len(t, left, 1, "no temporary file is left")
			old, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, "old", string(old))
			if c.settings == nil && name != "only identifiers" {
				require.ErrorIs(t, c.table.Validate(), c.sentinel)
			}
		})
	}
}

func TestWriteFileReplacesTheFile(t *testing.T) {
	tab := &Table{Fields: []Field{{Name: "x", Kind: Number}}, Columns: [][]float64{{1.5, 2.5}}}
	for _, name := range []string{"a.csv", "a.csv.gz"} {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, WriteFile(path, tab, nil))
		got, err := ReadFile(path, &ReadSettings{Schema: tab.Fields})
		require.NoError(t, err)
		equal(t, tab, got)
		if runtime.GOOS != "windows" {
			require.NoError(t, os.Chmod(path, 0o640))
			require.NoError(t, WriteFile(path, tab, nil))
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
		}
	}
	require.Error(t, WriteFile(filepath.Join(t.TempDir(), "none", "a.csv"), tab, nil))
	require.Error(t, WriteFile(t.TempDir(), tab, nil), "a folder")

	dir := t.TempDir()
	path, link := filepath.Join(dir, "a.csv"), filepath.Join(dir, "link.csv")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	if os.Symlink("a.csv", link) == nil {
		require.NoError(t, WriteFile(link, tab, nil))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "x\n1.5\n2.5\n", string(got))
		info, err := os.Lstat(link)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&os.ModeSymlink)
	}
	if info, err := os.Stat(os.DevNull); err == nil && !info.Mode().IsRegular() {
		require.NoError(t, WriteFile(os.DevNull, tab, nil))
		info, err := os.Stat(os.DevNull)
		require.NoError(t, err)
		require.False(t, info.Mode().IsRegular(), "a device is left one")
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestErrorsOfTheWriterAreReturned(t *testing.T) {
	tab := &Table{Fields: []Field{{Name: "x", Kind: Number}}, Columns: [][]float64{make([]float64, 100_000)}}
	require.ErrorIs(t, Write(full{}, tab, nil), errFull)
}

func TestParseIsTheInverseOfText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, cells := anyField(t, rapid.SampledFrom([]Kind{Number, Whole, Category, Ordered, Boolean, Time, Constant}).Draw(t, "kind"))
		want := cells.Draw(t, "cell")
		got, err := f.Parse(f.Text(want))
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
	for _, c := range []struct {
		f        Field
		text     string
		sentinel error
		message  string
	}{
		{Field{Name: "x", Kind: Number}, "abc", ErrKind, `table: Parse: "x": is "abc", want a number`},
		{Field{Name: "x", Kind: Number}, "", ErrKind, `is "", want a number`},
		{Field{Name: "x", Kind: Number}, "1e999", ErrRange, `is "1e999"`},
		{Field{Name: "x", Kind: Whole}, "1.5", ErrKind, `is "1.5", want a whole number`},
		{Field{Name: "x", Kind: Number, Step: .1}, "1.55", ErrRange, "want a whole multiple of the Step 0.1"},
		{Field{Name: "x", Kind: Category, Levels: of("a", "b")}, "c", ErrRange, `is "c", want one of the Levels "a", "b"`},
		{Field{Name: "x", Kind: Constant}, "c", ErrRange, `is "c", but the column has no Levels`},
		{Field{Name: "x", Kind: Time, Layout: "2006-01-02"}, "2020", ErrKind, `is "2020", want a time such as "2006-01-02"`},
		{Field{Name: "x", Kind: Time}, "2020-01-01", ErrRange, "Layout: is empty"},
		{Field{Name: "x", Kind: Identifier}, "a", ErrKind, "is of kind identifier, which has no cells"},
		{Field{Name: "x"}, "a", ErrKind, "is of kind infer, which has no cells"},
	} {
		v, err := c.f.Parse(c.text)
		require.ErrorIs(t, err, c.sentinel)
		require.ErrorContains(t, err, c.message)
		require.True(t, math.IsNaN(v))
	}
	v, err := Field{Kind: Number}.Parse(" 1.5 ")
	require.NoError(t, err)
	require.Equal(t, 1.5, v)
}

func ExampleWrite() {
	t, err := Read(strings.NewReader("price,cut\n3.5,fair\n12,good\n,good\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := Write(os.Stdout, t, &WriteSettings{Missing: "NA"}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// price,cut
	// 3.5,fair
	// 12.0,good
	// NA,good
}
