package table

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// column reads a file of one column of these cells.
func readColumn(cells []string, s *ReadSettings) (Field, []float64, error) {
	var b strings.Builder
	b.WriteString("name,one\n")
	for _, c := range cells {
		fmt.Fprintf(&b, "\"%s\",1\n", c)
	}
	t, err := Read(strings.NewReader(b.String()), s)
	if err != nil {
		return Field{}, nil, err
	}
	return t.Fields[0], t.Columns[0], nil
}

func repeat(n int, f func(i int) string) []string {
	cells := make([]string, n)
	for i := range cells {
		cells[i] = f(i)
	}
	return cells
}

func of(cells ...string) []string { return cells }

func TestKindsAreInferredFromAllRows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(n int, texts ...string) []string {
		return repeat(n, func(i int) string { return texts[(i*7+i/3)%len(texts)] })
	}
	for name, c := range map[string]struct {
		cells []string
		want  Field
	}{
		"one value":                {of("3.5", "3.5", ""), Field{Kind: Constant, Levels: of("3.5")}},
		"one row":                  {of("3.5"), Field{Kind: Constant, Levels: of("3.5")}},
		"no value":                 {of("", "NA"), Field{Kind: Constant}},
		"true and false":           {of("True", "False", "", "True"), Field{Kind: Boolean, Levels: of("False", "True")}},
		"yes and no":               {of("yes", "no"), Field{Kind: Boolean, Levels: of("no", "yes")}},
		"letters":                  {of("Y", "N"), Field{Kind: Boolean, Levels: of("N", "Y")}},
		"0 and 1":                  {of("1", "0", "1"), Field{Kind: Boolean, Levels: of("0", "1")}},
		"1 and 2":                  {of("1", "2", "1"), Field{Kind: Whole, Step: 1}},
		"yes and false":            {of("yes", "false"), Field{Kind: Category, Levels: of("false", "yes")}},
		"wholes":                   {of("3", "-1", "3", "2"), Field{Kind: Whole, Step: 1}},
		"wholes with points":       {of("3.0", "-1.0", "", "2.0"), Field{Kind: Whole, Step: 1}},
		"wholes that are large":    {of("9007199254740992", "-9007199254740992"), Field{Kind: Whole, Step: 1}},
		"beyond wholes":            {of("1e20", "3"), Field{Kind: Number}},
		"codes":                    {of("007", "008", "009"), Field{Kind: Category, Levels: of("007", "008", "009")}},
		"words":                    {of("b", "a", "Ä", "b"), Field{Kind: Category, Levels: of("a", "b", "Ä")}},
		"words among few numbers":  {of("b", "a", "3"), Field{Kind: Category, Levels: of("3", "a", "b")}},
		"prices":                   {pick(50, "1.25", "3.50", "2", "7.10"), Field{Kind: Number, Step: .01}},
		"few rows of one decimal":  {of("1.5", "2"), Field{Kind: Number, Step: .1}},
		"counts from 1":            {repeat(30, func(i int) string { return strconv.Itoa(i + 1) }), Field{Kind: Identifier}},
		"counts from 0":            {repeat(2000, strconv.Itoa), Field{Kind: Identifier}},
		"few counts":               {repeat(29, strconv.Itoa), Field{Kind: Whole, Step: 1}},
		"counts from 2000":         {repeat(40, func(i int) string { return strconv.Itoa(2000 + i) }), Field{Kind: Whole, Step: 1}},
		"counts with a hole":       {append(repeat(40, strconv.Itoa), ""), Field{Kind: Whole, Step: 1}},
		"names":                    {repeat(40, func(i int) string { return fmt.Sprintf("no. %d", i) }), Field{Kind: Identifier}},
		"few names":                {of("a", "b", "c"), Field{Kind: Category, Levels: of("a", "b", "c")}},
		"dates":                    {of("2020-01-31", "1969-12-01", "NaN"), Field{Kind: Time, Step: 86400, Layout: "2006-01-02"}},
		"dates without zeros":      {of("2020-1-31", "1969-12-01"), Field{Kind: Time, Step: 86400, Layout: "2006-1-2"}},
		"RFC 3339":                 {of("2020-01-31T10:20:30Z", "2020-01-31T10:20:30+02:30"), Field{Kind: Time, Step: 1, Layout: "2006-01-02T15:04:05Z07:00"}},
		"minutes":                  {of("2020-01-31 10:21", "2020-01-31 10:22"), Field{Kind: Time, Step: 60, Layout: "2006-01-02 15:04"}},
		"seconds on the hour":      {of("2020-01-31 10:00:00", "2020-01-31 11:00:00"), Field{Kind: Time, Step: 3600, Layout: "2006-01-02 15:04:05"}},
		"seconds":                  {of("2020-01-31 10:00:01", "2020-01-31 11:00:00"), Field{Kind: Time, Step: 1, Layout: "2006-01-02 15:04:05"}},
		"milliseconds":             {of("2020-01-31 10:00:01.5", "2020-01-31 11:00:00.125"), Field{Kind: Time, Step: .001, Layout: "2006-01-02 15:04:05.000"}},
		"day first":                {of("01/02/2020", "31/01/2020"), Field{Kind: Time, Step: 86400, Layout: "02/01/2006"}},
		"month first":              {of("01/02/2020", "1/31/2020"), Field{Kind: Time, Step: 86400, Layout: "1/2/2006"}},
		"points":                   {of("01.02.2020", "02.02.2020"), Field{Kind: Time, Step: 86400, Layout: "02.01.2006"}},
		"month by name":            {of("1 Feb 2020", "12 Mar 2020"), Field{Kind: Time, Step: 86400, Layout: "2 Jan 2006"}},
		"American":                 {of("Feb 1, 2020 10:30", "Mar 12, 2020 23:59"), Field{Kind: Time, Step: 60, Layout: "Jan 2, 2006 15:04"}},
		"years":                    {of("2020", "2021", "2023"), Field{Kind: Whole, Step: 1}},
		"two forms of dates":       {of("2020-01-01", "a", "b", "c"), Field{Kind: Category, Levels: of("2020-01-01", "a", "b", "c")}},
		"floats of 17 digits":      {repeat(100, func(int) string { return fmt.Sprint(random.NormFloat64()) }), Field{Kind: Number}},
		"float32":                  {repeat(2000, func(int) string { return fmt.Sprint(float32(random.NormFloat64())) }), Field{Kind: Number}},
		"6 decimals":               {repeat(2000, func(int) string { return fmt.Sprintf("%.6f", 1000*random.NormFloat64()) }), Field{Kind: Number, Step: 1e-6}},
		"6 digits over decades":    {repeat(2000, func(int) string { return fmt.Sprintf("%.6g", math.Exp(5*random.NormFloat64())) }), Field{Kind: Number}},
		"rounded to halves":        {repeat(2000, func(i int) string { return fmt.Sprint(float64(i%37) / 2) }), Field{Kind: Number, Step: .1}},
		"a spike at 0":             {repeat(2000, func(i int) string { return fmt.Sprintf("%.2f", max(0, 1e6*random.NormFloat64())) }), Field{Kind: Number, Step: .01}},
		"rounded large numbers":    {repeat(2000, func(int) string { return fmt.Sprintf("%.2f", 1e6*random.ExpFloat64()) }), Field{Kind: Number, Step: .01}},
		"most words among numbers": {append(repeat(2000, func(int) string { return "w" + strconv.Itoa(random.IntN(500)) }), "17"), Field{Kind: Category}},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := readColumn(c.cells, nil)
			require.NoError(t, err)
			if c.want.Name = "name"; name == "most words among numbers" {
				require.Equal(t, c.want.Kind, got.Kind)
				return
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestColumnsCalledIDNameRows(t *testing.T) {
	cells := repeat(50, func(i int) string { return strconv.Itoa(1000 + 37*i%1009) })
	for name, want := range map[string]Kind{
		"id": Identifier, "ID": Identifier, "customer_id": Identifier, "customer id": Identifier, "PassengerId": Identifier, "row.key": Identifier,
		"index": Identifier, "covid": Whole, "humid": Whole, "monkey": Whole, "identity": Whole, "x": Whole, "paid": Whole,
	} {
		file := name + "\n" + strings.Join(cells, "\n")
		require.Equal(t, want, mustRead(t, file+"\n", nil).Fields[0].Kind, name)
		require.Equal(t, Whole, mustRead(t, file+"\n"+cells[0]+"\n", nil).Fields[0].Kind, "%s twice", name)
	}
}

func TestDaysAndMonthsChangePlacesWhenALateRowTells(t *testing.T) {
	// More rows than are kept as texts, none of which tells, and then one that does.
	var cells []string
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var want []float64
	for i := range 3000 {
		at := day.AddDate(i/144, i/12%12, i%12).Add(time.Duration(i) * 1500 * time.Millisecond)
		cells, want = append(cells, at.Format("1/2/2006 15:04:05.0")), append(want, float64(at.UnixMilli())/1000)
	}
	_, _, err := readColumn(cells, nil)
	require.ErrorContains(t, err, "in an order that no row tells")
	cells, want = append(cells, "12/31/2020 00:00:00.0"), append(want, float64(time.Date(2020, 12, 31, 0, 0, 0, 0, time.UTC).Unix()))
	field, column, err := readColumn(cells, nil)
	require.NoError(t, err)
	require.Equal(t, Field{Name: "name", Kind: Time, Step: .1, Layout: "1/2/2006 15:04:05.0"}, field)
	require.Equal(t, want, column)
	_, _, err = readColumn(append(cells, "31/12/2020 00:00:00.0"), nil)
	require.ErrorContains(t, err, `line 3003, column 1 ("name"): is "31/12/2020 00:00:00.0"; 1 of the 3002 cells are no times`)
}

func TestManyDifferentNumbersAreReadAsFewAre(t *testing.T) {
	for _, n := range []int{tryNumbers - 1, tryNumbers, tryNumbers + 1, 3000} {
		cells := repeat(n, func(i int) string { return fmt.Sprintf("%d.25", i*i%99991) })
		cells[5] = "NA"
		field, column, err := readColumn(cells, nil)
		require.NoError(t, err)
		require.Equal(t, Field{Name: "name", Kind: Number, Step: .01}, field)
		require.Len(t, column, n)
		for i, v := range column {
			if i == 5 {
				require.True(t, math.IsNaN(v))
				continue
			}
			require.Equal(t, float64(i*i%99991)+.25, v)
		}
		_, _, err = readColumn(append(cells, "-", "?", "none", "-"), nil)
		require.ErrorContains(t, err, fmt.Sprintf(`line %d, column 1 ("name"): is "-"; 3 of the %d cells ("-", "none") are no numbers`, n+2, n+2))
	}
}

func TestSchemaSaysWhatColumnsAre(t *testing.T) {
	for name, c := range map[string]struct {
		cells  []string
		schema Field
		want   Field
		column []float64
	}{
		"number of wholes":      {of("3", "1"), Field{Kind: Number}, Field{Kind: Number}, []float64{3, 1}},
		"number with a step":    {of("3", "1.5"), Field{Kind: Number, Step: .5}, Field{Kind: Number, Step: .5}, []float64{3, 1.5}},
		"number of 0 and 1":     {of("0", "1"), Field{Kind: Number}, Field{Kind: Number}, []float64{0, 1}},
		"whole of codes":        {of("007", "008"), Field{Kind: Whole}, Field{Kind: Whole, Step: 1}, []float64{7, 8}},
		"whole that counts":     {repeat(31, strconv.Itoa), Field{Kind: Whole}, Field{Kind: Whole, Step: 1}, nil},
		"whole on a lattice":    {of("5", "10"), Field{Kind: Whole, Step: 5}, Field{Kind: Whole, Step: 5}, []float64{5, 10}},
		"rounded number":        {of("1700000000123456789"), Field{Kind: Number}, Field{Kind: Number}, []float64{1700000000123456789}},
		"category of numbers":   {of("10", "9", "10.5"), Field{Kind: Category}, Field{Kind: Category, Levels: of("9", "10", "10.5")}, []float64{1, 0, 2}},
		"category of one":       {of("a", "a"), Field{Kind: Category}, Field{Kind: Category, Levels: of("a")}, []float64{0, 0}},
		"levels":                {of("b", "a"), Field{Levels: of("c", "b", "a")}, Field{Kind: Category, Levels: of("c", "b", "a")}, []float64{1, 2}},
		"ordered":               {of("low", "high"), Field{Kind: Ordered, Levels: of("low", "high")}, Field{Kind: Ordered, Levels: of("low", "high")}, []float64{0, 1}},
		"ordered numbers":       {of("10", "9"), Field{Kind: Ordered}, Field{Kind: Ordered, Levels: of("9", "10")}, []float64{1, 0}},
		"boolean of one":        {of("No", "No"), Field{Kind: Boolean}, Field{Kind: Boolean, Levels: of("No", "yes")}, []float64{0, 0}},
		"boolean of words":      {of("m", "f"), Field{Kind: Boolean}, Field{Kind: Boolean, Levels: of("f", "m")}, []float64{1, 0}},
		"boolean in our order":  {of("m", "f"), Field{Kind: Boolean, Levels: of("m", "f")}, Field{Kind: Boolean, Levels: of("m", "f")}, []float64{0, 1}},
		"constant":              {of("5", "5"), Field{Kind: Constant}, Field{Kind: Constant, Levels: of("5")}, []float64{0, 0}},
		"day first":             {of("02/01/1970"), Field{Layout: "02/01/2006"}, Field{Kind: Time, Step: 86400, Layout: "02/01/2006"}, []float64{86400}},
		"month first":           {of("02/01/1970"), Field{Kind: Time, Layout: "01/02/2006"}, Field{Kind: Time, Step: 86400, Layout: "01/02/2006"}, []float64{31 * 86400}},
		"time of any form":      {of("1970-01-02 00:01"), Field{Kind: Time}, Field{Kind: Time, Step: 60, Layout: "2006-01-02 15:04"}, []float64{86460}},
		"years of two digits":   {of("2 Jan 70"), Field{Layout: "2 Jan 06"}, Field{Kind: Time, Step: 86400, Layout: "2 Jan 06"}, []float64{86400}},
		"identifier of numbers": {of("5", "6"), Field{Kind: Identifier}, Field{Kind: Identifier}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.schema.Name, c.want.Name = "name", "name"
			got, column, err := readColumn(c.cells, &ReadSettings{Schema: []Field{c.schema}})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			if c.column != nil {
				require.Equal(t, c.column, column)
			}
		})
	}
}

func TestSchemaIsKeptAsJSON(t *testing.T) {
	file := "x,n,word,ok,day,one,name\n1.5,1,a,yes,2020-01-02,c,p\n2.25,2,b,no,2020-01-03,c,q\n"
	first := mustRead(t, file, &ReadSettings{Schema: []Field{{Name: "name", Kind: Identifier}}})
	text, err := json.Marshal(first.Fields)
	require.NoError(t, err)
	require.JSONEq(t, `[{"name":"x","kind":"number","step":0.01},{"name":"n","kind":"whole","step":1},
		{"name":"word","kind":"category","levels":["a","b"]},{"name":"ok","kind":"boolean","levels":["no","yes"]},
		{"name":"day","kind":"time","step":86400,"layout":"2006-01-02"},{"name":"one","kind":"constant","levels":["c"]},
		{"name":"name","kind":"identifier"}]`, string(text))
	var schema []Field
	require.NoError(t, json.Unmarshal(text, &schema))
	equal(t, first, mustRead(t, file, &ReadSettings{Schema: schema}))

	text = []byte(strings.Replace(string(text), `"category"`, `"ordered"`, 1))
	require.NoError(t, json.Unmarshal(text, &schema))
	require.Equal(t, Ordered, mustRead(t, file, &ReadSettings{Schema: schema}).Fields[2].Kind)
	require.ErrorIs(t, json.Unmarshal([]byte(`[{"kind":"number "}]`), &schema), ErrRange)
	require.ErrorContains(t, json.Unmarshal([]byte(`[{"name":"x","levles":["a"]}]`), &schema), "levles")
	_, err = json.Marshal(Field{Kind: 77})
	require.ErrorIs(t, err, ErrRange)
}
