package table

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestNewCodecRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *Table, s *CodecSettings)
		want  error
		text  string
	}{
		{"no rows", func(t *Table, _ *CodecSettings) { *t = *t.Select(nil) }, ErrShape, "no rows"},
		{"ragged", func(t *Table, _ *CodecSettings) { t.Columns[2] = t.Columns[2][:5] }, ErrShape, `column "price" has 5 cells`},
		{"infinite", func(t *Table, _ *CodecSettings) { t.Columns[2][4] = math.Inf(1) }, ErrNonFinite, `row 4, column "price": is +Inf`},
		{"huge", func(t *Table, _ *CodecSettings) { t.Columns[0][4] = 1e307 }, ErrRange, `row 4, column "normal": is 1e+307`},
		{"off the lattice", func(t *Table, _ *CodecSettings) { t.Columns[3][4] = .5 }, ErrRange, `row 4, column "count": is 0.5, want a whole multiple of 1`},
		{"no level", func(t *Table, _ *CodecSettings) { t.Columns[4][9] = 4 }, ErrRange, `row 9, column "colour": is 4, want the index of one of 4 levels`},
		{"half a level", func(t *Table, _ *CodecSettings) { t.Columns[4][9] = .5 }, ErrRange, "row 9"},
		{"coding of none", func(_ *Table, s *CodecSettings) { s.Codings["nine"] = Log }, ErrName, `Codings: "nine"`},
		{"no coding", func(_ *Table, s *CodecSettings) { s.Codings["rain"] = 77 }, ErrRange, `Codings: "rain": is 77`},
		{"number as levels", func(_ *Table, s *CodecSettings) { s.Codings["rain"] = OneHot }, ErrRange, `Codings: "rain" is number`},
		{"level as number", func(_ *Table, s *CodecSettings) { s.Codings["colour"] = Log }, ErrRange, `Codings: "colour" is category`},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, s := mixedTable(50, 1), &CodecSettings{Codings: map[string]Coding{}}
			c.spoil(u, s)
			_, err := NewCodec(u, s)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.text)
		})
	}
}

func TestValuesFarFromTheFittedHaveACode(t *testing.T) {
	for _, coding := range []Coding{Auto, Standard, Log, Quantile, Logit} {
		u := mixedTable(500, 1)
		s := &CodecSettings{Codings: map[string]Coding{"rain": coding, "price": coding, "count": coding}}
		c, err := NewCodec(u, s)
		require.NoError(t, err)
		far := u.Select([]int{0, 1, 2, 3})
		far.Columns[1] = []float64{-5, 100, .123456, 40}
		far.Columns[2] = []float64{-5, 3000.77, .01, 2000}
		far.Columns[3] = []float64{-5, 100, 777, 40}
		x, err := c.Encode(far, 1)
		require.NoError(t, err)
		got, err := c.Decode(x, nil)
		require.NoError(t, err)
		for j := range 4 {
			for i := range 4 {
				require.InDelta(t, far.Columns[j][i], got.Columns[j][i], 1e-9, "%v: row %d, column %d", coding, i, j)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	c, err := NewCodec(mixedTable(50, 1), nil)
	require.NoError(t, err)
	require.PanicsWithValue(t, "table: Decode: rows of 2 columns, want the codec's 9", func() { _, _ = c.Decode(mat.NewDense(1, 2, nil), nil) })
	x := mat.NewDense(3, 9, nil)
	x.Set(1, 8, math.NaN())
	_, err = c.Decode(x, nil)
	require.ErrorIs(t, err, ErrNonFinite)
	require.ErrorContains(t, err, "row 1, column 8 is NaN")
	require.ErrorIs(t, c.Match(x), ErrNonFinite)
	require.ErrorIs(t, c.Match(mat.NewDense(1, 9, nil)), ErrShape)
}

func TestTableOfFewRowsOrColumns(t *testing.T) {
	_, err := NewCodec(mixedTable(1, 1), nil)
	require.ErrorIs(t, err, ErrShape)
	require.ErrorContains(t, err, "no column has two values among 1 rows")
	for n := 2; n <= 5; n++ {
		u := mixedTable(n, 1)
		c, err := NewCodec(u, nil)
		require.NoError(t, err)
		x, err := c.Encode(u, 1)
		require.NoError(t, err)
		got, err := c.Decode(x, nil)
		require.NoError(t, err)
		requireTable(t, u, got)
	}
}

func FuzzCodecText(f *testing.F) {
	for _, text := range codecTexts(f) {
		f.Add(text)
	}
	f.Add([]byte(`{"Version":2}`))
	f.Add([]byte(`{"Version":1,"Fields":[{"Name":"x"}],"Fixed":[null],"Columns":[{"Field":0,"Group":-1}]}`))
	for _, text := range hostile {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c Codec
		if json.Unmarshal(text, &c) == nil && c.Dim() <= 1000 {
			requireHarmless(t, &c)
		}
	})
}

// hostile are texts that no codec wrote, and that were read: their codecs panicked.
var hostile = map[string]string{
	"no coded columns": `{"Version":1,"Fields":[{"name":"x","kind":"number"}],"Fixed":[3],"Columns":[]}`,
	"a rule that changes levels": `{"Version":1,"Fields":[{"name":"x","kind":"number"},{"name":"c","kind":"category","levels":["a","b"]}],"Fixed":[null,null],"Steps":[{"Order":{"At":[0,1],"Steps":[0,0]}}],` +
		`"Columns":[` + columnText(0, `"Number":{"Coding":1,"Center":0,"Unit":1,"Shift":0,"Scale":1}`) + `,` + columnText(1, `"Levels":{"Seen":[0,1],"Border":[-1,0,1]}`) + `]}`,
	"curves that are flat at their ends": `{"Version":1,"Fields":[{"name":"x","kind":"number"}],"Fixed":[null],` +
		`"Columns":[` + columnText(0, `"Number":{"Coding":3,"Center":0,"Unit":1,"Bend":{"X":[0,1],"Y":[0,1],"Before":0,"After":0},"Atoms":[1],"Spread":{"X":[0,1],"Y":[0,1],"Before":0,"After":0},"Shift":0,"Scale":1e300}`) + `]}`,
}

func columnText(field int, coder string) string {
	return fmt.Sprintf(`{"Field":%d,%s,"Group":-1,"Data":{"Y":[0,1],"P":[0,1],"Rows":5},"Model":{"Y":null,"P":null,"Rows":0}}`, field, coder)
}

// requireHarmless does all that a codec can with odd rows. Errors are allowed, panics and
// cells that are none of their fields are not.
func requireHarmless(t *testing.T, c *Codec) {
	x := mat.NewDense(5, c.Dim(), nil)
	for j := range c.Dim() {
		x.SetCol(j, []float64{0, -1, 1, 1e300, -1e300})
	}
	decoded, err := c.Decode(x, nil)
	require.NoError(t, err)
	for j, f := range decoded.Fields {
		require.True(t, decoded.Columns[j] != nil || f.Kind == Identifier)
		for i := range decoded.Columns[j] {
			_ = decoded.Text(i, j)
		}
	}
	_ = decoded.String()
	odd := &Table{Fields: c.Fields()}
	for _, f := range odd.Fields {
		cells := []float64{0, noCell, 1, 1e9, -1e9}
		if f.Kind.Discrete() {
			cells = []float64{noCell, noCell, noCell, noCell, noCell}
			if len(f.Levels) > 0 {
				cells[0], cells[4] = 0, float64(len(f.Levels)-1)
			}
		}
		odd.Columns = append(odd.Columns, cells)
	}
	draw := func(n int, _ *mat.Dense, _ uint64) (*mat.Dense, error) {
		return mat.DenseCopyOf(x.Slice(0, n, 0, c.Dim())), nil
	}
	for _, u := range []*Table{decoded, odd} {
		_, _ = c.Encode(u, 1)
		_, _ = c.Observe(u, 1)
		_, _ = c.Unseen(u)
		_, _, _ = c.Violations(u)
		if filled, _, err := c.Impute(u, 1, draw); err == nil {
			_ = filled.String()
		}
	}
	_, _, err = c.Draw(5, nil, 1, draw)
	require.NoError(t, err)
	_, _ = c.Names(), c.Schema()
	text, err := json.Marshal(c)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, new(Codec)))
	require.NoError(t, c.Match(x))
	_, err = c.Decode(x, nil)
	require.NoError(t, err)
}

func TestHostileTextsAreRefusedOrHarmless(t *testing.T) {
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			var c Codec
			if err := json.Unmarshal([]byte(text), &c); err != nil {
				require.ErrorIs(t, err, ErrCorrupt)
				return
			}
			requireHarmless(t, &c)
		})
	}
}

func TestCorruptTextIsAnError(t *testing.T) {
	c, err := NewCodec(mixedTable(40, 1), nil)
	require.NoError(t, err)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var read Codec
	for n := 0; n < len(text); n += 17 {
		require.Error(t, json.Unmarshal(text[:n], &read))
	}
	require.ErrorIs(t, read.UnmarshalJSON([]byte(`{"Version":2}`)), ErrVersion)
	require.ErrorIs(t, read.UnmarshalJSON([]byte(`{"Version":1,"Fields":[{}]}`)), ErrCorrupt)
	require.ErrorIs(t, read.UnmarshalJSON([]byte(`{`)), ErrCorrupt)
	require.Zero(t, read.Dim())

	u, _ := flatsOf(300)
	c, err = NewCodec(u, nil)
	require.NoError(t, err)
	for k, change := range []func(p []codedColumn){
		func(p []codedColumn) { p[2].Law[0].A = 4 },
		func(p []codedColumn) { p[2].Law[0].A = 2 },
		func(p []codedColumn) { p[2].Law[0].B = -2 },
		func(p []codedColumn) { p[2].Law = nil },
		func(p []codedColumn) { p[0].Along[0].Of = -1 },
		func(p []codedColumn) { p[0].Along[0].Of = 1 },
	} {
		text, err := json.Marshal(c)
		require.NoError(t, err)
		var whole codecText
		require.NoError(t, json.Unmarshal(text, &whole))
		require.NotEmpty(t, whole.Columns[2].Law)
		require.NotEmpty(t, whole.Columns[0].Along)
		change(whole.Columns)
		text, err = json.Marshal(whole)
		require.NoError(t, err)
		require.ErrorIs(t, read.UnmarshalJSON(text), ErrCorrupt, k)
	}
}

// A text in which a value is another one, or a list is longer or shorter, is refused or
// makes a codec that does no harm.
func TestChangedTextDoesNotPanic(t *testing.T) {
	texts := codecTexts(t)
	for n := range 300 {
		r := rand.New(rand.NewPCG(uint64(n), 1))
		var value any
		require.NoError(t, json.Unmarshal(texts[n%len(texts)], &value))
		for range 1 + r.IntN(3) {
			value = changed(value, r)
		}
		text, err := json.Marshal(value)
		require.NoError(t, err)
		var c Codec
		if c.UnmarshalJSON(text) == nil {
			requireHarmless(t, &c)
		}
	}
}

// codecTexts are texts of codecs with all that there is in them.
func codecTexts(t require.TestingT) (texts [][]byte) {
	add := func(u *Table, s *CodecSettings) {
		c, err := NewCodec(u, s)
		require.NoError(t, err)
		for range 2 {
			text, err := json.Marshal(c)
			require.NoError(t, err)
			texts = append(texts, text)
			x, err := c.Encode(u, 1)
			require.NoError(t, err)
			require.NoError(t, c.Match(x))
		}
	}
	u, rules := ruledTable(30, .1)
	add(u, &CodecSettings{Rules: rules})
	add(mixedTable(40, 1), &CodecSettings{Codings: map[string]Coding{"colour": OneHot, "price": Quantile, "rain": Log}})
	u, _ = flatsOf(300)
	add(u, nil)
	add(mixedTable(40, 2), &CodecSettings{Codings: map[string]Coding{"count": Logit}})
	return texts
}

// changed returns a value as of JSON with something changed in it.
func changed(value any, r *rand.Rand) any {
	other := []any{0., -1., 1., 2., .5, 1e308, -1e308, 5e-324, nil, "", "x", true, []any{}}
	switch v := value.(type) {
	case map[string]any:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) == 0 {
			return v
		}
		key := keys[r.IntN(len(keys))]
		if r.IntN(20) == 0 {
			delete(v, key)
		} else {
			v[key] = changed(v[key], r)
		}
		return v
	case []any:
		if len(v) == 0 {
			return v
		}
		k := r.IntN(len(v))
		switch r.IntN(8) {
		case 0:
			return slices.Delete(v, k, k+1)
		case 1:
			return slices.Insert(v, k, v[k])
		}
		v[k] = changed(v[k], r)
		return v
	}
	return other[r.IntN(len(other))]
}

// A model may draw what lies far out: dates after 9999-12-31, which stands for "never" in
// many tables, and counts beyond 2⁵³. Such rows can be written and coded again.
func TestWhatIsDecodedIsAllowed(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	u := &Table{Fields: []Field{
		{Name: "until", Kind: Time, Step: 86400, Layout: "2006-01-02"},
		{Name: "from", Kind: Time, Step: 86400, Layout: "2006-01-02"},
		{Name: "count", Kind: Whole, Step: 3},
		{Name: "wild", Kind: Number},
		{Name: "a", Kind: Number},
		{Name: "b", Kind: Number},
	}, Columns: make([][]float64, 6)}
	for i := range 300 {
		until := 253402214400.
		if i%2 == 0 {
			until = 86400 * float64(r.IntN(30000))
		}
		for j, v := range []float64{until, -62135596800 + 86400*float64(r.IntN(9)), 3 * math.Round(math.Exp(30*r.Float64())), 1e300 * (r.Float64() - .5), 1e300 * (r.Float64() - 1), 1e300 * r.Float64()} {
			u.Columns[j] = append(u.Columns[j], v)
		}
	}
	c, err := NewCodec(u, &CodecSettings{Rules: []Rule{Order{Columns: []string{"a", "b"}}}})
	require.NoError(t, err)
	x := mat.NewDense(100, c.Dim(), nil)
	x.Apply(func(i, j int, _ float64) float64 { return 30 * r.NormFloat64() }, x)
	got, err := c.Decode(x, nil)
	require.NoError(t, err)
	require.NoError(t, got.Validate())
	broken, _, err := c.Violations(got)
	require.NoError(t, err)
	require.Empty(t, broken)
	_, err = c.Encode(got, 1)
	require.NoError(t, err)
}
